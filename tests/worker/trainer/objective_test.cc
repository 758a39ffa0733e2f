#include "worker/trainer/objective.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "tests/worker/trainer/golden.h"

namespace archsweep {
namespace {

class Objective : public testing::Test {
 protected:
  at::Tensor Leaf(const char* name) const { return golden_[name].clone().requires_grad_(true); }

  const Golden golden_{"losses/logits_k10"};
  const at::Tensor natural_ = Leaf("logits_nat");
  const at::Tensor adversarial_ = Leaf("logits_adv");
  const at::Tensor labels_ = golden_["labels"];
};

TEST_F(Objective, OfTradesIsTheOfficialOneWithItsGradients) {
  for (const int beta : {1, 6}) {
    const std::string name = "trades.beta" + std::to_string(beta);
    const TradesLoss loss = Trades(natural_, adversarial_, labels_, beta, natural_.size(0));
    EXPECT_NEAR(loss.total.item<double>(), golden_.Number(name), 1e-5);
    const auto gradients = torch::autograd::grad({loss.total}, {natural_, adversarial_});
    EXPECT_LT(RelativeDifference(gradients[0], golden_[name + ".grad.nat"]), 1e-5);
    EXPECT_LT(RelativeDifference(gradients[1], golden_[name + ".grad.adv"]), 1e-5);
  }
}

TEST_F(Objective, HasThePartsThatItIsMadeOf) {
  EXPECT_NEAR(KlSum(natural_, adversarial_).item<double>(), golden_.Number("kl.sum"), 1e-5);
  const TradesLoss loss = Trades(natural_, adversarial_, labels_, 6, natural_.size(0));
  EXPECT_NEAR(loss.natural.item<double>(), golden_.Number("ce.mean"), 1e-5);
  EXPECT_NEAR(loss.robust.item<double>() * static_cast<double>(natural_.size(0)),
              golden_.Number("kl.sum"), 1e-4);
}

TEST_F(Objective, OfTheGroupsOfABatchAddsUpToThatOfTheBatch) {
  const int64_t batch = natural_.size(0);
  at::Tensor sum = at::zeros({});
  for (const int64_t first : {int64_t{0}, batch / 2}) {
    const auto half = [&](const at::Tensor& whole) { return whole.narrow(0, first, batch / 2); };
    sum = sum + Trades(half(natural_), half(adversarial_), half(labels_), 6, batch).total;
  }
  EXPECT_NEAR(sum.item<double>(), golden_.Number("trades.beta6"), 1e-5);
}

}  // namespace
}  // namespace archsweep
