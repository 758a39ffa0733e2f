#include "worker/trainer/trades_step.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/worker/trainer/golden.h"
#include "worker/trainer/sgd.h"

namespace archsweep {
namespace {

constexpr int kImages = 16;

TrialSpec Trial(const ArchitectureSpec& architecture, int group = kImages) {
  return {.dataset = {},
          .architecture = architecture,
          .training = {.batch_size = kImages, .batch_norm_group = group}};
}

const ArchitectureSpec kBasic = {.depth = {1, 1, 1}, .width = {1, 1, 1}};
const ArchitectureSpec kRobust = {
    .block = KnownBlock("robust"), .depth = {2, 1, 1}, .width = {1, 1, 1}};

struct Bounds {
  double norm;     // Of the gradient; relative.
  double tensors;  // Parameters and buffers after the step; absolute.
  double momentum;
};

// With the order of operations and the layout of the official code.
constexpr Bounds kOfficialOrder = {.norm = 1e-5, .tensors = 1e-5, .momentum = 1e-5};
// Most parameters agree within 1e-6; a ReLU input within rounding of 0 that takes the other side
// moves single ones by up to 4e-5, and their momentum by ten times that.
constexpr Bounds kOtherOrder = {.norm = 1e-3, .tensors = 1e-4, .momentum = 1e-3};

// A training that begins at a golden state.
struct GoldenTraining {
  GoldenTraining(TrialSpec spec, const NamedTensors& start, Fusion fusion = Fusion::kFolded)
      : trial(std::move(spec)),
        state(NewTraining(trial, {}, at::kCPU, fusion)),
        network(state.graph, state.model, {.fusion = fusion}) {
    const Status copied = CopyInto(OfficialTensors(state.model), start);
    EXPECT_TRUE(copied) << copied.error().message;
  }

  // The outer half of a step on the attacked images of the official run, compared with it.
  void FollowOuterStep(const Golden& golden, const Bounds& bounds) {
    const at::Tensor images = golden.Images("images.uint8");
    TradesGradients step = GradientsOf(network, state.parameters, images, golden["x_adv"],
                                       golden["labels"], trial.training);
    EXPECT_NEAR(step.natural_loss.item<double>(), golden.Number("loss.natural"), 1e-5);
    EXPECT_NEAR(step.robust_loss.item<double>(), golden.Number("loss.robust"), 1e-5);
    const at::Tensor norm = ClipByNorm(step.gradients, trial.training.gradient_clip);
    EXPECT_NEAR(norm.item<double>() / golden.Number("grad_norm"), 1, bounds.norm);
    StepSgd(state.parameters, step.gradients, state.velocities,
            {.learning_rate = golden.Number("lr"),
             .momentum = trial.training.momentum,
             .weight_decay = trial.training.weight_decay});
    EXPECT_LT(WorstDifference(OfficialTensors(state.model), golden.State("after.")),
              bounds.tensors);
    EXPECT_LT(WorstDifference(Velocities(), golden.Under("after.momentum.")), bounds.momentum);
  }

  NamedTensors Velocities() const {
    NamedTensors velocities;
    const std::vector<size_t> trained = TrainedEntries(state.graph, state.model);
    for (size_t i = 0; i < trained.size(); ++i) {
      velocities.push_back({state.model.entries[trained[i]].name, state.velocities[i]});
    }
    return velocities;
  }

  TrialSpec trial;
  TrainingState state;
  Executor network;
};

class TradesStepOf : public testing::TestWithParam<Fusion> {
 protected:
  const Bounds bounds_ = GetParam() == Fusion::kNone ? kOfficialOrder : kOtherOrder;
};

INSTANTIATE_TEST_SUITE_P(TradesStep, TradesStepOf, testing::Values(Fusion::kNone, Fusion::kFolded),
                         [](const auto& fusion) {
                           return fusion.param == Fusion::kNone ? "None" : "Folded";
                         });

TEST_P(TradesStepOf, FollowsThreeOfficialSteps) {
  GoldenTraining training(Trial(kBasic), Golden("train/warm_start").State(), GetParam());
  for (int i = 0; i < 3; ++i) {
    SCOPED_TRACE(i);
    training.FollowOuterStep(Golden("train/trades_step" + std::to_string(i)), bounds_);
  }
}

TEST_P(TradesStepOf, ClipsAndLeavesDeadLayersAloneAsTheOfficialOneDoes) {
  TrialSpec trial = Trial(kRobust);
  trial.training.gradient_clip = 0.5;
  GoldenTraining training(trial, Golden("train/trades_rrb_clip_start").State(), GetParam());
  const Golden step("train/trades_rrb_clip_step0");
  ASSERT_GT(step.Number("grad_norm"), 0.5);
  training.FollowOuterStep(step, bounds_);
  int dead = 0;
  for (const NamedTensor& named : step.State("after.")) {
    if (named.name != "blocks.0.layer.1.bn1.weight" && named.name != "blocks.0.layer.1.bn1.bias") {
      continue;
    }
    for (const NamedTensor& now : OfficialTensors(training.state.model)) {
      if (now.name != named.name) continue;
      EXPECT_TRUE(now.tensor.equal(named.tensor)) << now.name;
      ++dead;
    }
  }
  EXPECT_EQ(dead, 2);
}

TEST(TradesStep, AttacksAsTheOfficialOneDoes) {
  const GoldenTraining training(Trial(kBasic), Golden("train/warm_start").State());
  const Golden golden("train/trades_step0");
  const at::Tensor images = golden.Images("images.uint8");
  EXPECT_LT(
      RelativeDifference(training.network.Evaluate(images, 0), golden["attack.logits_nat_eval"]),
      1e-5);
  const at::Tensor attacked =
      AdversarialImages(training.network, images, golden["noise"], training.trial.training);
  EXPECT_LT(ShareOff(attacked, golden["x_adv"]), 0.01);
}

TEST(TradesStep, RunsEachGroupAloneAndAveragesTheirGradients) {
  constexpr int kHalf = kImages / 2;
  const Golden golden("train/trades_step0");
  const NamedTensors start = Golden("train/warm_start").State();
  const at::Tensor images = golden.Images("images.uint8");
  const auto gradients_of = [&](const GoldenTraining& training, int first, int count) {
    const auto part = [&](const at::Tensor& batch) { return batch.narrow(0, first, count); };
    return GradientsOf(training.network, training.state.parameters, part(images),
                       part(golden["x_adv"]), part(golden["labels"]), training.trial.training)
        .gradients;
  };
  const GoldenTraining whole(Trial(kBasic, kHalf), start);
  const GoldenTraining first_half(Trial(kBasic, kHalf), start);
  const GoldenTraining second_half(Trial(kBasic, kHalf), start);
  const auto both = gradients_of(whole, 0, kImages);
  const auto first = gradients_of(first_half, 0, kHalf);
  const auto second = gradients_of(second_half, kHalf, kHalf);
  for (size_t i = 0; i < both.size(); ++i) {
    EXPECT_LT(RelativeL2(both[i], (first[i] + second[i]) / 2), 1e-5);
  }
  // Set 0 has seen nothing of the second group.
  EXPECT_EQ(
      WorstDifference(OfficialTensors(whole.state.model), OfficialTensors(first_half.state.model)),
      0);
}

TEST(TradesStep, CountsWhatItDid) {
  const Golden golden("train/trades_step0");
  GoldenTraining training(Trial(kBasic), Golden("train/warm_start").State());
  const at::Tensor images = golden.Images("images.uint8");
  const at::Tensor loss = StepTrades(training.network, images, golden["labels"], golden["noise"],
                                     training.trial.training, 0.1, training.state);
  EXPECT_EQ(training.state.step, 1);
  const at::Tensor sums = training.state.epoch_sums;
  EXPECT_NEAR(sums[0].item<double>(), golden.Number("loss.natural"), 1e-5);
  EXPECT_NEAR(sums[1].item<double>(), golden.Number("loss.robust"), 1e-4);
  EXPECT_NEAR(loss.item<double>(), golden.Number("loss.total"), 1e-3);
  const at::Tensor right = golden["logits_nat"].argmax(1).eq(golden["labels"]).sum();
  EXPECT_EQ(sums[2].item<double>(), right.item<double>());
}

}  // namespace
}  // namespace archsweep
