// AutoAttack as it is published over the images of the golden run.

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/worker/trainer/attacks/small_network.h"
#include "tests/worker/trainer/attacks/test_images.h"
#include "worker/trainer/attacks/autoattack.h"

namespace archsweep {
namespace {

constexpr int64_t kImages = 256;

AutoAttackState RunChain(Fusion fusion, bool saves_passes) {
  const SmallNetwork network(fusion);
  const AttackedBatch batch = TestImages(kImages);
  AutoAttack chain(network.Get(), batch.images, batch.labels, 10, {.saves_passes = saves_passes},
                   {}, NewAutoAttack(kImages));
  while (!chain.Finished()) {
    while (!chain.RoundIsDone()) chain.Advance();
    chain.FinishRound(chain.RoundShare());
  }
  return chain.State();
}

void ExpectGoldenFlags(const AutoAttackState& state) {
  const Golden golden("checkpoints/small_basic_autoattack");
  const std::vector<std::string> stages = {"clean", "apgd-ce", "apgd-t", "fab-t", "square"};
  ASSERT_EQ(state.stages.size(), stages.size());
  for (size_t stage = 0; stage < stages.size(); ++stage) {
    EXPECT_TRUE(
        StandingAfter(state, static_cast<int>(stage)).equal(golden["robust." + stages[stage]]))
        << stages[stage];
  }
}

TEST(Chain, BreaksWhatTheReferenceBreaksWithAsManyPasses) {
  const AutoAttackState state = RunChain(Fusion::kNone, false);
  ExpectGoldenFlags(state);
  const std::vector<PassCounts> after = {
      {2006, 0}, {2242, 11918}, {2833, 59287}, {50212, 105187}, {305416, 105187}};
  PassCounts done;
  for (size_t stage = 0; stage < after.size(); ++stage) {
    done += state.stages[stage].passes.done;
    EXPECT_EQ(done, after[stage]) << stage;
    EXPECT_EQ(state.stages[stage].passes.done, state.stages[stage].passes.reference) << stage;
  }
}

TEST(Chain, BreaksTheSameWherePassesAreSavedAndLayersAreFolded) {
  const AutoAttackState state = RunChain(Fusion::kFolded, true);
  ExpectGoldenFlags(state);
  for (const StageReport& report : state.stages) {
    EXPECT_LE(report.passes.done.Forwards(), report.passes.reference.Forwards());
    EXPECT_LE(report.passes.done.Backwards(), report.passes.reference.Backwards());
  }
}

}  // namespace
}  // namespace archsweep
