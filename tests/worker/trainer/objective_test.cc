#include "worker/trainer/objective.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <string>

#include "tests/worker/trainer/golden.h"

namespace archsweep {
namespace {

class ObjectiveTest : public testing::Test {
 protected:
  at::Tensor Leaf(const char* name) const { return golden_[name].clone().requires_grad_(true); }

  OuterLoss Loss(const TrainingSpec& spec) const {
    return LossOf(spec, natural_, adversarial_, labels_, natural_.size(0));
  }

  void ExpectOfficial(const TrainingSpec& spec, const std::string& name) const {
    SCOPED_TRACE(name);
    const OuterLoss loss = Loss(spec);
    EXPECT_NEAR(loss.total.item<double>(), golden_.Number(name), 1e-5);
    const auto gradients =
        torch::autograd::grad({loss.total}, {natural_, adversarial_}, {}, {}, false,
                              /*allow_unused=*/true);
    if (spec.objective == Objective::kSat) {
      EXPECT_FALSE(gradients[0].defined());
    } else {
      EXPECT_LT(RelativeDifference(gradients[0], golden_[name + ".grad.nat"]), 1e-5);
    }
    EXPECT_LT(RelativeDifference(gradients[1], golden_[name + ".grad.adv"]), 1e-5);
  }

  const Golden golden_{"losses/logits_k10"};
  const at::Tensor natural_ = Leaf("logits_nat");
  const at::Tensor adversarial_ = Leaf("logits_adv");
  const at::Tensor labels_ = golden_["labels"];
};

TEST_F(ObjectiveTest, IsTheOfficialOneWithItsGradients) {
  ExpectOfficial({.beta = 1}, "trades.beta1");
  ExpectOfficial({.beta = 6}, "trades.beta6");
  ExpectOfficial({.beta = 6, .label_smoothing = 0.1}, "trades_aat.beta6");
  ExpectOfficial({.objective = Objective::kSat}, "sat");
  ExpectOfficial({.objective = Objective::kMart, .beta = 1}, "mart.beta1");
  ExpectOfficial({.objective = Objective::kMart, .beta = 6}, "mart.beta6");
}

TEST_F(ObjectiveTest, HasThePartsThatItIsMadeOf) {
  EXPECT_NEAR(KlSum(natural_, adversarial_).item<double>(), golden_.Number("kl.sum"), 1e-5);
  const OuterLoss trades = Loss({});
  EXPECT_NEAR(trades.fitting.item<double>(), golden_.Number("ce.mean"), 1e-5);
  EXPECT_NEAR(trades.robust.item<double>() * static_cast<double>(natural_.size(0)),
              golden_.Number("kl.sum"), 1e-4);
  const OuterLoss mart = Loss({.objective = Objective::kMart});
  EXPECT_NEAR(mart.fitting.item<double>(),
              golden_.Number("mart.part.ce_adv") + golden_.Number("mart.part.nll"), 1e-5);
  EXPECT_NEAR(mart.robust.item<double>(), golden_.Number("mart.part.weighted_kl"), 1e-5);
}

TEST_F(ObjectiveTest, TakesMixedLabels) {
  const at::Tensor soft = golden_["soft_targets"];
  const OuterLoss loss =
      LossOf({.beta = 0, .label_smoothing = 0.1}, natural_, adversarial_, soft, natural_.size(0));
  EXPECT_NEAR(loss.total.item<double>(), golden_.Number("ce.soft_target"), 1e-5);
}

TEST_F(ObjectiveTest, OfTheGroupsOfABatchAddsUpToThatOfTheBatch) {
  const int64_t batch = natural_.size(0);
  for (const Objective objective : {Objective::kTrades, Objective::kSat, Objective::kMart}) {
    const TrainingSpec spec{.objective = objective};
    at::Tensor sum = at::zeros({});
    for (const int64_t first : {int64_t{0}, batch / 2}) {
      const auto half = [&](const at::Tensor& whole) { return whole.narrow(0, first, batch / 2); };
      sum = sum + LossOf(spec, half(natural_), half(adversarial_), half(labels_), batch).total;
    }
    EXPECT_NEAR(sum.item<double>(), Loss(spec).total.item<double>(), 1e-5);
  }
}

}  // namespace
}  // namespace archsweep
