#include "worker/trainer/attacks/autoattack.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/base/temporary_folder.h"
#include "tests/worker/trainer/attacks/small_network.h"
#include "tests/worker/trainer/attacks/test_images.h"
#include "worker/trainer/attacks/sanity_checks.h"
#include "worker/trainer/safetensors.h"

namespace archsweep {
namespace {

constexpr int64_t kClasses = 10;

// A chain over a few images whose attacks are so weak that each but FAB finds some.
class ShortChain : public testing::Test {
 protected:
  static AutoAttackSettings Settings(bool saves_passes) {
    return {.epsilon = 0.03,
            .steps = 1,
            .targets = 1,
            .queries = 60,
            .batch = 10,
            .seed = 5,
            .saves_passes = saves_passes};
  }

  AutoAttack Chain(const AutoAttackSettings& settings, const AttackShare& share = {}) const {
    return Chain(settings, NewAutoAttack(batch_.images.size(0)), share);
  }
  AutoAttack Chain(const AutoAttackSettings& settings, AutoAttackState state,
                   const AttackShare& share = {}) const {
    return AutoAttack(network_.Get(), batch_.images, batch_.labels, kClasses, settings, share,
                      std::move(state));
  }

  static void RunRound(AutoAttack& chain) {
    while (!chain.RoundIsDone()) chain.Advance();
    chain.FinishRound(chain.RoundShare());
  }

  AutoAttackState Run(const AutoAttackSettings& settings) const {
    AutoAttack chain = Chain(settings);
    while (!chain.Finished()) RunRound(chain);
    return chain.State();
  }

  const SmallNetwork network_{Fusion::kNone};
  const AttackedBatch batch_ = TestImages(48);
};

TEST_F(ShortChain, BreaksWhatTheReferenceBreaksWithAsManyPasses) {
  const Golden golden("checkpoints/small_basic_autoattack_short");
  const AutoAttackState state = Run(Settings(false));
  const std::vector<std::string> stages = {"clean", "apgd-ce", "apgd-t", "fab-t", "square"};
  ASSERT_EQ(state.stages.size(), stages.size());
  for (size_t stage = 0; stage < stages.size(); ++stage) {
    EXPECT_TRUE(
        StandingAfter(state, static_cast<int>(stage)).equal(golden["robust." + stages[stage]]))
        << stages[stage];
  }
  PassCounts done;
  const std::vector<PassCounts> after = {{118, 0}, {176, 58}, {230, 94}, {326, 110}, {1344, 110}};
  for (size_t stage = 0; stage < stages.size(); ++stage) {
    done += state.stages[stage].passes.done;
    EXPECT_EQ(done, after[stage]) << stages[stage];
    EXPECT_EQ(state.stages[stage].passes.reference, state.stages[stage].passes.done);
  }
}

TEST_F(ShortChain, BreaksTheSameWherePassesAreSavedAndKnowsWhatTheReferenceWouldDo) {
  const AutoAttackState plain = Run(Settings(false));
  const AutoAttackState saved = Run(Settings(true));
  EXPECT_EQ(saved.broken_by, plain.broken_by);
  ASSERT_EQ(saved.stages.size(), plain.stages.size());
  for (size_t stage = 0; stage < saved.stages.size(); ++stage) {
    EXPECT_EQ(saved.stages[stage].passes.reference, plain.stages[stage].passes.done) << stage;
    EXPECT_LE(saved.stages[stage].passes.done.Forwards(),
              plain.stages[stage].passes.done.Forwards());
  }
}

TEST_F(ShortChain, GoesOnFromTheStateBehindAnyBatch) {
  const AutoAttackSettings settings = Settings(true);
  const AutoAttackState whole = Run(settings);
  const TemporaryFolder folder;
  AutoAttackState state = NewAutoAttack(batch_.images.size(0));
  int rounds = 0;
  for (bool finished = false; !finished; ++rounds) {
    AutoAttack chain = Chain(settings, state);
    RunRound(chain);
    finished = chain.Finished();
    const auto file = folder.Path() / std::to_string(rounds);
    ASSERT_TRUE(WriteSafetensors(file, ToTensors(chain.State())));
    Result<AutoAttackState> parsed =
        ParseAutoAttackState(ReadSafetensors(file).value(), settings, batch_.images.size(0));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, chain.State());
    state = *std::move(parsed);
  }
  EXPECT_EQ(state, whole);
  // 5 batches of clean images, 3 and 2 of those that APGD takes, one merged one of the others.
  EXPECT_EQ(rounds, 5 + 3 + 2 + 1 + 1);
}

TEST_F(ShortChain, IsTheSameForAnyNumberOfRanks) {
  for (const bool saves_passes : {false, true}) {
    const AutoAttackSettings settings = Settings(saves_passes);
    const AutoAttackState alone = Run(settings);
    constexpr int64_t kRanks = 3;
    std::vector<std::unique_ptr<AutoAttack>> ranks;
    for (int64_t rank = 0; rank < kRanks; ++rank) {
      ranks.emplace_back(new AutoAttack(Chain(settings, AttackShare{rank, kRanks})));
    }
    while (!ranks.front()->Finished()) {
      at::Tensor sum;
      for (const auto& rank : ranks) {
        while (!rank->RoundIsDone()) rank->Advance();
        sum = sum.defined() ? sum + rank->RoundShare() : rank->RoundShare();
      }
      for (const auto& rank : ranks) rank->FinishRound(sum);
    }
    for (const auto& rank : ranks) {
      EXPECT_TRUE(rank->Finished());
      EXPECT_EQ(rank->State(), alone);
    }
  }
}

TEST_F(ShortChain, ReportsProgressThatOnlyGrowsTowardsABoundThatOnlyFalls) {
  AutoAttack chain = Chain(Settings(false));
  AttackProgress last = chain.Progress();
  EXPECT_EQ(last.done, 0);
  while (!chain.Finished()) {
    if (chain.RoundIsDone()) {
      chain.FinishRound(chain.RoundShare());
    } else {
      chain.Advance();
    }
    const AttackProgress now = chain.Progress();
    EXPECT_GE(now.done, last.done);
    EXPECT_LE(now.done, now.bound);
    last = now;
  }
  EXPECT_EQ(last.done, last.bound);
}

TEST_F(ShortChain, WarnsThatSquareFoundWhatTheOthersHadMissed) {
  const AutoAttackSettings settings = Settings(true);
  const AutoAttackState state = Run(settings);
  const std::vector<std::string> warnings = SanityWarnings(settings, kClasses, state);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("square broke 1 images (2.08 %)"), std::string::npos) << warnings[0];
}

TEST_F(ShortChain, ChangesNothingOfTheNetworkAndTheImages) {
  const NamedTensors weights = OfficialTensors(network_.Weights());
  std::vector<at::Tensor> before;
  for (const NamedTensor& named : weights) before.push_back(named.tensor.clone());
  const at::Tensor images = batch_.images.clone();
  Run(Settings(true));
  for (size_t i = 0; i < weights.size(); ++i) {
    EXPECT_TRUE(weights[i].tensor.equal(before[i])) << weights[i].name;
    EXPECT_FALSE(weights[i].tensor.grad().defined());
  }
  EXPECT_TRUE(batch_.images.equal(images));
}

TEST_F(ShortChain, EndsWhereNothingIsLeftToAttack) {
  AutoAttackSettings settings = Settings(true);
  settings.epsilon = 1;
  settings.steps = 10;
  const AutoAttackState state = Run(settings);
  EXPECT_EQ(state.Standing(), 0);
  EXPECT_LT(state.stages.size(), settings.parts.size() + 1);
  EXPECT_EQ(Chain(settings, state).Progress().done, Chain(settings, state).Progress().bound);
}

TEST_F(ShortChain, LeavesWhatIsRightAsItIsWhereTheBallHasNoRadius) {
  AutoAttackSettings settings = Settings(true);
  settings.epsilon = 0;
  const AutoAttackState state = Run(settings);
  EXPECT_EQ(state.Standing(), state.stages.front().standing);
}

TEST(AutoAttackState, IsRefusedWhereItIsDamagedOrOfAnotherEvaluation) {
  const AutoAttackSettings settings;
  const AutoAttackState good = NewAutoAttack(7);
  EXPECT_TRUE(ParseAutoAttackState(ToTensors(good), settings, 7));
  EXPECT_FALSE(ParseAutoAttackState(ToTensors(good), settings, 8));
  const std::vector<std::function<void(AutoAttackState&)>> damages = {
      [](AutoAttackState& state) { state.stage = -1; },
      [](AutoAttackState& state) { state.stage = 2; },
      [](AutoAttackState& state) { state.stage = 6; },
      [](AutoAttackState& state) { state.batches_done = 2; },
      [](AutoAttackState& state) { state.broken_by[3] = 5; },
      [](AutoAttackState& state) { state.doubtful = {7}; },
      [](AutoAttackState& state) { state.margins.pop_back(); },
      [](AutoAttackState& state) { state.stages.clear(); }};
  for (const auto& damage : damages) {
    AutoAttackState bad = good;
    damage(bad);
    const auto parsed = ParseAutoAttackState(ToTensors(bad), settings, 7);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().kind, ErrorKind::kCorrupt);
  }
  for (size_t i = 0; i < ToTensors(good).size(); ++i) {
    NamedTensors missing = ToTensors(good);
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(ParseAutoAttackState(missing, settings, 7)) << i;
    NamedTensors other = ToTensors(good);
    other[i].tensor = other[i].tensor.to(at::kFloat);
    EXPECT_FALSE(ParseAutoAttackState(other, settings, 7)) << i;
  }
}

TEST(AutoAttackSettings, HaveThePassesOfTheReference) {
  PassCounts sum;
  for (const AttackPart part : AutoAttackSettings{}.parts) {
    sum += PassesPerImage({}, kClasses, part);
  }
  EXPECT_EQ(sum, (PassCounts{5946, 1910}));
}

TEST(AutoAttackSettings, NameTheAttacksThatNeedMoreClasses) {
  EXPECT_TRUE(Problems(AutoAttackSettings{}, 4).empty());
  const std::vector<std::string> problems = Problems(
      AutoAttackSettings{.parts = {AttackPart::kApgdCe, AttackPart::kApgdDlr, AttackPart::kApgdT}},
      2);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0], "apgd_dlr needs at least 3 classes, but the network has 2");
  EXPECT_EQ(problems[1], "apgd_t needs at least 4 classes, but the network has 2");
}

}  // namespace
}  // namespace archsweep
