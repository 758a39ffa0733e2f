#include "worker/trainer/attacks/fab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/worker/trainer/attacks/small_network.h"

namespace archsweep {
namespace {

class GoldenFab : public testing::Test {
 protected:
  FabOptions Options(bool saves_passes) const {
    FabOptions options;
    options.epsilon = kGoldenEpsilon;
    options.saves_passes = saves_passes;
    options.targets = 2;
    return options;
  }

  const Golden golden_{"attacks/fab_t"};
  const SmallNetwork network_{Fusion::kNone};
  const AttackedBatch batch_ = GoldenBatch();
};

TEST_F(GoldenFab, IsFollowedStepByStep) {
  AttackedNetwork network(network_.Get());
  FabAttack attack(network, batch_, Options(false));
  attack.Advance();
  for (const std::string run : {"run0.", "run1."}) {
    attack.Advance();
    const at::Tensor& differences = golden_[run + "diff_logits"];
    const at::Tensor& wrong = golden_[run + "is_adv"];
    const at::Tensor& distances = golden_[run + "best_norm"];
    double wrong_off = 0;
    double distance_off = 0;
    for (int64_t step = 0; step < distances.size(0); ++step) {
      attack.Advance();
      ASSERT_NE(attack.Run(), nullptr);
      if (step == 0) {
        EXPECT_LT(RelativeDifference(attack.Run()->Differences(), differences[0]), 1e-5);
      }
      wrong_off += attack.Run()->Wrong().ne(wrong[step]).to(at::kDouble).mean().item<double>();
      const at::Tensor off = (attack.Run()->Distances() - distances[step]).abs();
      distance_off = std::max(distance_off, off.max().item<double>());
    }
    EXPECT_LT(wrong_off / static_cast<double>(distances.size(0)), 0.02) << run;
    EXPECT_LT(distance_off, 1e-3) << run;
    attack.Advance();
    EXPECT_EQ(attack.Run(), nullptr);
  }
  RunToEnd(attack);
  EXPECT_TRUE(attack.Outcome()
                  .broken.logical_not()
                  .index_select(0, golden_["run0.index"])
                  .equal(golden_["still_robust"].index_select(0, golden_["run0.index"])));
  EXPECT_EQ(network.Ledger().done, network.Ledger().reference);
}

TEST_F(GoldenFab, BreaksTheSameImagesWithFewerPassesWhereTheyAreSaved) {
  const at::Tensor right = golden_["run0.index"];
  AttackedNetwork network(network_.Get());
  FabAttack attack(network,
                   {.images = batch_.images.index_select(0, right),
                    .labels = batch_.labels.index_select(0, right)},
                   Options(true));
  RunToEnd(attack);
  EXPECT_TRUE(
      attack.Outcome().broken.logical_not().equal(golden_["still_robust"].index_select(0, right)));
  const PassLedger& ledger = network.Ledger();
  EXPECT_LT(ledger.done.Forwards(), ledger.reference.Forwards());
  EXPECT_LT(ledger.done.Backwards(), ledger.reference.Backwards());
}

}  // namespace
}  // namespace archsweep
