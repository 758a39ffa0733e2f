#include "worker/trainer/attacks/apgd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "tests/worker/trainer/attacks/small_network.h"

namespace archsweep {
namespace {

TEST(ApgdChecks, AreThoseOfTheReference) {
  const std::vector<ApgdCheck> expected = {{22, 22}, {41, 19}, {57, 16}, {70, 13},
                                           {80, 10}, {87, 7},  {93, 6},  {99, 6}};
  EXPECT_EQ(ApgdChecks(100), expected);
  EXPECT_EQ(ApgdChecks(3), (std::vector<ApgdCheck>{{1, 1}, {2, 1}, {3, 1}}));
}

struct GoldenApgd {
  const char* file;
  ApgdLoss loss;
  int targets = 0;
  double loss_tolerance = 0;
  friend std::ostream& operator<<(std::ostream& out, const GoldenApgd& golden) {
    return out << golden.file;
  }
};

class GoldenApgdTraces : public testing::TestWithParam<GoldenApgd> {
 protected:
  ApgdOptions Options(bool saves_passes) const {
    ApgdOptions options;
    options.epsilon = kGoldenEpsilon;
    options.saves_passes = saves_passes;
    options.loss = GetParam().loss;
    options.targets = GetParam().targets;
    return options;
  }
  void FollowRun(ApgdAttack& attack, const std::string& run) const;

  const Golden golden_{std::string("attacks/") + GetParam().file};
  const SmallNetwork network_{Fusion::kNone};
  const AttackedBatch batch_ = GoldenBatch();
};

INSTANTIATE_TEST_SUITE_P(Apgd, GoldenApgdTraces,
                         testing::Values(GoldenApgd{"apgd_ce", ApgdLoss::kCrossEntropy, 0, 1e-3},
                                         GoldenApgd{"apgd_dlr", ApgdLoss::kLogitRatio, 0, 2e-2},
                                         GoldenApgd{"apgd_t", ApgdLoss::kTargetedLogitRatio, 3,
                                                    2e-2}),
                         [](const auto& golden) { return std::string(golden.param.file); });

void GoldenApgdTraces::FollowRun(ApgdAttack& attack, const std::string& run) const {
  const at::Tensor losses = golden_[run + "loss"];
  const at::Tensor steps = golden_[run + "step_size"];
  double loss_off = 0;
  double steps_off = 0;
  for (int64_t pass = 0; pass < losses.size(0); ++pass) {
    ASSERT_NE(attack.Run(), nullptr);
    if (pass > 0) {
      steps_off += ShareOff(attack.Run()->StepSizes().flatten(), steps[pass - 1]);
    }
    // What the run holds is gone once it is over.
    const bool is_last = pass == losses.size(0) - 1;
    attack.Advance();
    if (is_last) break;
    const at::Tensor& loss = pass == 0 ? attack.Run()->BestLosses() : attack.Run()->Losses();
    loss_off = std::max(loss_off, (loss - losses[pass]).abs().max().item<double>());
    if (pass == 23 && run == "run0." && GetParam().loss == ApgdLoss::kCrossEntropy) {
      EXPECT_LT(ShareOff(attack.Run()->Points(), golden_[run + "x_iter.23"]), 0.01);
    }
  }
  EXPECT_EQ(attack.Run(), nullptr);
  EXPECT_LT(loss_off, GetParam().loss_tolerance) << run;
  EXPECT_LE(steps_off / static_cast<double>(steps.size(0)), 0.05) << run;
}

TEST_P(GoldenApgdTraces, AreFollowed) {
  AttackedNetwork network(network_.Get());
  ApgdAttack attack(network, batch_, Options(false));
  attack.Advance();
  at::Tensor standing = golden_["run0.index"];
  const int64_t runs = std::max(GetParam().targets, 1);
  for (int64_t index = 0; index < runs; ++index) {
    const std::string run = "run" + std::to_string(index) + ".";
    EXPECT_TRUE(golden_[run + "index"].equal(standing)) << run;
    attack.Advance();
    FollowRun(attack, run);
    standing = standing.index_select(0, golden_[run + "acc"].nonzero().squeeze(1));
    const at::Tensor found = golden_["run0.index"].masked_select(
        attack.Outcome().broken.logical_not().index_select(0, golden_["run0.index"]));
    EXPECT_TRUE(found.equal(standing)) << run;
  }
  attack.Advance();
  EXPECT_TRUE(attack.Done());
  EXPECT_EQ(network.Ledger().done, network.Ledger().reference);
}

TEST_P(GoldenApgdTraces, BreakTheSameImagesWithFewerPassesWhereTheyAreSaved) {
  const at::Tensor right = golden_["run0.index"];
  AttackedNetwork network(network_.Get());
  ApgdAttack attack(network,
                    {.images = batch_.images.index_select(0, right),
                     .labels = batch_.labels.index_select(0, right)},
                    Options(true));
  RunToEnd(attack);
  EXPECT_TRUE(
      attack.Outcome().broken.logical_not().equal(golden_["still_robust"].index_select(0, right)));
  const PassLedger& ledger = network.Ledger();
  EXPECT_LT(ledger.done.Backwards(), ledger.reference.Backwards());
  EXPECT_LT(ledger.done.Forwards(), ledger.reference.Forwards());
}

TEST(ReferenceDraws, AreThoseOfTheReference) {
  const Golden golden("attacks/apgd_ce");
  EXPECT_TRUE(ReferenceDraws(0).Uniform({26, 3, 32, 32}).equal(golden["run0.noise_rand"]));
}

TEST(ReferenceDraws, AreAStream) {
  ReferenceDraws whole(5);
  ReferenceDraws parts(5);
  const at::Tensor together = whole.Uniform({40});
  EXPECT_TRUE(
      at::cat({parts.Uniform({1}), parts.Uniform({36}), parts.Uniform({3})}).equal(together));
}

}  // namespace
}  // namespace archsweep
