#include "worker/trainer/attacks/image_losses.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <string>

#include "tests/worker/trainer/golden.h"

namespace archsweep {
namespace {

using Loss = std::function<at::Tensor(const at::Tensor& logits)>;

at::Tensor GradientOf(const Loss& loss, const at::Tensor& logits) {
  const at::Tensor point = logits.detach().requires_grad_(true);
  return torch::autograd::grad({loss(point).sum()}, {point}).front();
}

class GoldenImageLosses : public testing::TestWithParam<int> {
 protected:
  void ExpectGolden(const std::string& name, const Loss& loss) const {
    EXPECT_LT(RelativeDifference(loss(logits_), golden_[name]), 1e-6) << name;
    EXPECT_LT(RelativeDifference(GradientOf(loss, logits_), golden_[name + ".grad.nat"]), 1e-6)
        << name;
  }

  const Golden golden_{"losses/image_losses_k" + std::to_string(GetParam())};
  const at::Tensor logits_ = golden_["logits_nat"];
  const at::Tensor labels_ = golden_["labels"];
};

INSTANTIATE_TEST_SUITE_P(ImageLosses, GoldenImageLosses, testing::Values(4, 10, 100));

TEST_P(GoldenImageLosses, AreThoseOfTheReference) {
  ExpectGolden("ce.none", [&](const at::Tensor& z) { return CrossEntropies(z, labels_); });
  ExpectGolden("dlr", [&](const at::Tensor& z) { return LogitRatios(z, labels_); });
  EXPECT_TRUE(Margins(logits_, labels_).equal(golden_["square.margin"]));
  const int rank = 2;
  const std::string name = "dlr_targeted.k" + std::to_string(rank);
  const at::Tensor targets = RankedClasses(logits_, rank);
  EXPECT_TRUE(targets.equal(golden_[name + ".target"]));
  ExpectGolden(name, [&](const at::Tensor& z) { return TargetedLogitRatios(z, labels_, targets); });
}

class RandomLogits : public testing::Test {
 protected:
  RandomLogits() {
    constexpr uint64_t kSeed = 31;
    RecordProperty("seed", static_cast<int>(kSeed));
    at::manual_seed(kSeed);
    logits_ = at::randn({40, 6}, at::kDouble);
    labels_ = at::randint(6, {40}, at::kLong);
    targets_ = RankedClasses(logits_, 3);
  }

  // Around random points, where no two logits are equal.
  void ExpectGradient(const Loss& loss) const {
    constexpr double kStep = 1e-6;
    const at::Tensor direction = at::randn_like(logits_);
    const at::Tensor rise =
        (loss(logits_ + kStep * direction) - loss(logits_ - kStep * direction)) / (2 * kStep);
    const at::Tensor expected = (GradientOf(loss, logits_) * direction).sum(1);
    EXPECT_LT((rise - expected).abs().max().item<double>(), 1e-6);
  }

  at::Tensor logits_, labels_, targets_;
};

TEST_F(RandomLogits, HaveTheGradientsOfFiniteDifferences) {
  ExpectGradient([&](const at::Tensor& z) { return CrossEntropies(z, labels_); });
  ExpectGradient([&](const at::Tensor& z) { return LogitRatios(z, labels_); });
  ExpectGradient([&](const at::Tensor& z) { return TargetedLogitRatios(z, labels_, targets_); });
  ExpectGradient([&](const at::Tensor& z) { return Margins(z, labels_); });
  ExpectGradient([&](const at::Tensor& z) { return LogitDifferences(z, labels_, targets_); });
}

TEST_F(RandomLogits, HaveRatiosThatDoNotChangeWithScaleAndOffset) {
  const at::Tensor moved = 7 * logits_ + 3;
  EXPECT_LT(RelativeDifference(LogitRatios(moved, labels_), LogitRatios(logits_, labels_)), 1e-9);
  EXPECT_LT(RelativeDifference(TargetedLogitRatios(moved, labels_, targets_),
                               TargetedLogitRatios(logits_, labels_, targets_)),
            1e-9);
}

TEST_F(RandomLogits, AreWrongWhereMarginsAreNegative) {
  EXPECT_TRUE(AreRight(logits_, labels_).equal(Margins(logits_, labels_) > 0));
}

TEST(ImageLosses, AreFiniteWhereAllLogitsAreEqual) {
  const at::Tensor logits = at::zeros({2, 5});
  const at::Tensor labels = at::tensor(at::ArrayRef<int64_t>{0, 4});
  EXPECT_TRUE(LogitRatios(logits, labels).equal(at::zeros({2})));
  EXPECT_TRUE(TargetedLogitRatios(logits, labels, labels).equal(at::zeros({2})));
  EXPECT_TRUE(Margins(logits, labels).equal(at::zeros({2})));
  // The first of equal logits counts, and the last comes first in the order of targets.
  EXPECT_TRUE(AreRight(logits, labels).equal(at::tensor({1, 0}).to(at::kBool)));
  EXPECT_EQ(RankedClasses(logits, 2)[0].item<int64_t>(), 3);
}

TEST(ImageLossesDeathTest, NeedAsManyClassesAsTheyCompare) {
  const at::Tensor labels = at::zeros({1}, at::kLong);
  EXPECT_DEATH(LogitRatios(at::zeros({1, 2}), labels), "kClassesOfRatioMin");
  EXPECT_DEATH(TargetedLogitRatios(at::zeros({1, 3}), labels, labels),
               "kClassesOfTargetedRatioMin");
}

}  // namespace
}  // namespace archsweep
