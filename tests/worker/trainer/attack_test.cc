#include "worker/trainer/attack.h"

#include <gtest/gtest.h>

#include "tests/worker/trainer/golden.h"
#include "worker/trainer/training_state.h"

namespace archsweep {
namespace {

constexpr double kEpsilon = 8.0 / 255;

// The trained small network and the 32 images of the golden attacks.
class GoldenAttacks : public testing::Test {
 protected:
  GoldenAttacks() {
    const Status copied = CopyInto(OfficialTensors(model_), checkpoint_.State());
    EXPECT_TRUE(copied) << copied.error().message;
  }

  at::Tensor Run(const at::Tensor& start, double step, int steps) const {
    return Attack(FrozenNetwork(network_, 0), images_, start, MeanCrossEntropyOf{labels_},
                  {.epsilon = kEpsilon, .step = step, .steps = steps});
  }

  at::Tensor Fooled(const at::Tensor& attacked) const {
    return network_.Evaluate(attacked, 0).argmax(1).ne(labels_);
  }

  const Golden checkpoint_{"checkpoints/small_basic"};
  const Golden inputs_{"attacks/inputs"};
  const at::Tensor images_ = inputs_.Images("images.uint8");
  const at::Tensor labels_ = inputs_["labels"];
  const Graph graph_ = BuildGraph({.depth = {1, 1, 1}, .width = {1, 1, 1}}, 32, 10);
  const Model model_ = AllocateModel(graph_, 1, at::kFloat);
  const Executor network_{graph_, model_};
};

TEST_F(GoldenAttacks, FoolTheNetworkByFgsmWhereTheOfficialOneDoes) {
  const Golden golden("attacks/fgsm");
  const at::Tensor attacked = Run(images_, kEpsilon, 1);
  EXPECT_TRUE(Fooled(attacked).equal(golden["fooled"]));
  EXPECT_LT(RelativeDifference(network_.Evaluate(attacked, 0), golden["logits.final"]), 1e-2);
}

TEST_F(GoldenAttacks, FoolTheNetworkByPgdWhereTheOfficialOneDoes) {
  const Golden golden("attacks/pgd20");
  const at::Tensor attacked = Run(images_ + golden["noise"], 0.8 / 255, 20);
  EXPECT_LT(ShareOff(attacked, golden["x_adv"]), 0.01);
  EXPECT_TRUE(Fooled(attacked).equal(golden["fooled"]));
}

TEST_F(GoldenAttacks, FoolTheNetworkByCwWhereTheOfficialOneDoes) {
  const Golden golden("attacks/cw40");
  const at::Tensor attacked =
      Attack(FrozenNetwork(network_, 0), images_, images_ + golden["noise"], MarginOf{labels_},
             {.epsilon = kEpsilon, .step = 0.8 / 255, .steps = 40});
  EXPECT_LT(ShareOff(attacked, golden["x_adv"]), 0.01);
  EXPECT_TRUE(Fooled(attacked).equal(golden["fooled"]));
}

TEST_F(GoldenAttacks, StayInTheBallAndInTheRangeOfImages) {
  const Golden golden("attacks/pgd20");
  const at::Tensor attacked = Run(images_ + golden["noise"], 3.0 / 255, 7);
  EXPECT_GE(attacked.min().item<float>(), 0);
  EXPECT_LE(attacked.max().item<float>(), 1);
  EXPECT_LE((attacked - images_).abs().max().item<float>(), kEpsilon + 1e-7);
  EXPECT_FALSE(attacked.requires_grad());
}

TEST_F(GoldenAttacks, ChangeNothingOfTheNetworkAndItsInput) {
  const NamedTensors before = Snapshot(OfficialTensors(model_));
  const at::Tensor images = images_.clone();
  const at::Tensor start = images_ + 0.001;
  const at::Tensor kept_start = start.clone();
  Run(start, 2.0 / 255, 3);
  const NamedTensors after = OfficialTensors(model_);
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(before[i].tensor.equal(after[i].tensor)) << before[i].name;
  }
  for (const at::Tensor& parameter : model_.parameters) {
    if (parameter.defined()) {
      EXPECT_FALSE(parameter.grad().defined());
    }
  }
  EXPECT_TRUE(images.equal(images_));
  EXPECT_TRUE(kept_start.equal(start));
}

TEST_F(GoldenAttacks, DoNotMoveWhereTheGradientIsZero) {
  // With all weights 0 the logits are the same for every image.
  const Model flat = AllocateModel(graph_, 1, at::kFloat);
  const at::Tensor attacked =
      Attack(FrozenNetwork(Executor(graph_, flat), 0), images_, images_,
             MeanCrossEntropyOf{labels_}, {.epsilon = kEpsilon, .step = 2.0 / 255, .steps = 2});
  EXPECT_TRUE(attacked.equal(images_));
}

TEST_F(GoldenAttacks, RaiseTheDivergence) {
  const at::Tensor natural = network_.Evaluate(images_, 0);
  const auto divergence = [&](const at::Tensor& attacked) {
    const at::Tensor logits = network_.Evaluate(attacked, 0);
    return (at::softmax(natural, 1) * (at::log_softmax(natural, 1) - at::log_softmax(logits, 1)))
        .sum()
        .item<double>();
  };
  const at::Tensor start = images_ + 0.001 * at::sign(images_ - 0.5);
  double last = divergence(start);
  for (const int steps : {1, 5, 10}) {
    const double now =
        divergence(Attack(FrozenNetwork(network_, 0), images_, start, DivergenceFrom{natural},
                          {.epsilon = kEpsilon, .step = 2.0 / 255, .steps = steps}));
    EXPECT_GT(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace archsweep
