#include "worker/trainer/training_step.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sweep/trial/recipe.h"

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
  double pixels;  // The share of an attack by batch statistics that may differ.
};

// With the order of operations and the layout of the official code.
constexpr Bounds kOfficialOrder = {.norm = 1e-5, .tensors = 1e-5, .momentum = 1e-5, .pixels = 0.01};
// Most parameters agree within 1e-6; a ReLU input within rounding of 0 that takes the other side
// moves single ones by up to 4e-5, and their momentum by ten times that.
constexpr Bounds kOtherOrder = {.norm = 1e-3, .tensors = 1e-4, .momentum = 1e-3, .pixels = 0.03};

const StepRates kBatRates = {.rates = {.learning_rate = 0.1, .momentum = 0.9}};

// A training that begins at a golden state.
struct GoldenTraining {
  GoldenTraining(TrialSpec spec, const NamedTensors& start, Fusion fusion = Fusion::kFolded)
      : trial(std::move(spec)),
        state(NewTraining(trial, {}, at::kCPU, fusion)),
        network(state.graph, state.model, {.fusion = fusion}),
        gradients(state.parameters, kOuterScalars, *single) {
    const Status copied = CopyInto(OfficialTensors(state.model), start);
    EXPECT_TRUE(copied) << copied.error().message;
    if (state.average) {
      EXPECT_TRUE(CopyInto(OfficialTensors(*state.average), start));
    }
  }

  // The outer half of a step on the attacked images of the official run, compared with it.
  void FollowOuterStep(const Golden& golden, const Bounds& bounds, const StepRates& rates) {
    const TrainingSpec& spec = trial.training;
    const TrainingBatch batch = BatchOf(golden);
    const OuterGradients step =
        GradientsOf(network, gradients, batch, golden["x_adv"], spec, rates.norm_momentum);
    const double total =
        step.fitting_loss.item<double>() + spec.beta * step.robust_loss.item<double>();
    EXPECT_NEAR(total, golden.Number("loss.total"), 1e-5);
    const at::Tensor norm =
        ClipByNorm(*step.gradients, spec.gradient_clip > 0 ? spec.gradient_clip : 1e30);
    EXPECT_NEAR(norm.item<double>() / golden.Number("grad_norm"), 1, bounds.norm);
    StepSgd(state.parameters, *step.gradients, state.velocities,
            {.learning_rate = rates.rates.learning_rate,
             .momentum = rates.rates.momentum,
             .nesterov = spec.nesterov,
             .weight_decay = spec.weight_decay,
             .is_decayed = state.is_decayed});
    if (state.average) MoveAverage(*state.average, state.model, rates.ema_decay);
    EXPECT_LT(WorstDifference(OfficialTensors(state.model), golden.State("after.")),
              bounds.tensors);
    EXPECT_LT(WorstDifference(Velocities(), golden.Under("after.momentum.")), bounds.momentum);
  }

  static TrainingBatch BatchOf(const Golden& golden) {
    return {.images = golden.Images("images.uint8"), .labels = golden["labels"], .noise = {}};
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
  std::unique_ptr<Collective> single = SingleProcess();
  GradientSum gradients;
};

class TrainingStepOf : public testing::TestWithParam<Fusion> {
 protected:
  const Bounds bounds_ = GetParam() == Fusion::kNone ? kOfficialOrder : kOtherOrder;
};

INSTANTIATE_TEST_SUITE_P(TrainingStep, TrainingStepOf,
                         testing::Values(Fusion::kNone, Fusion::kFolded), [](const auto& fusion) {
                           return fusion.param == Fusion::kNone ? "None" : "Folded";
                         });

TEST_P(TrainingStepOf, FollowsThreeOfficialSteps) {
  GoldenTraining training(Trial(kBasic), Golden("train/warm_start").State(), GetParam());
  for (int i = 0; i < 3; ++i) {
    SCOPED_TRACE(i);
    training.FollowOuterStep(Golden("train/trades_step" + std::to_string(i)), bounds_, kBatRates);
  }
}

TEST_P(TrainingStepOf, ClipsAndLeavesDeadLayersAloneAsTheOfficialOneDoes) {
  TrialSpec trial = Trial(kRobust);
  trial.training.gradient_clip = 0.5;
  GoldenTraining training(trial, Golden("train/trades_rrb_clip_start").State(), GetParam());
  const Golden step("train/trades_rrb_clip_step0");
  ASSERT_GT(step.Number("grad_norm"), 0.5);
  training.FollowOuterStep(step, bounds_, kBatRates);
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

// How often norms have run is not averaged, but copied when an epoch ends.
NamedTensors WithoutCounts(NamedTensors tensors) {
  std::erase_if(tensors, [](const NamedTensor& named) {
    return named.name.ends_with("num_batches_tracked");
  });
  return tensors;
}

TEST(TrainingStep, AttacksAsTheOfficialOneDoes) {
  const GoldenTraining training(Trial(kBasic), Golden("train/warm_start").State());
  const Golden golden("train/trades_step0");
  const at::Tensor images = golden.Images("images.uint8");
  EXPECT_LT(
      RelativeDifference(training.network.Evaluate(images, 0), golden["attack.logits_nat_eval"]),
      1e-5);
  TrainingBatch batch = GoldenTraining::BatchOf(golden);
  batch.noise = golden["noise"];
  const at::Tensor attacked = AdversarialImages(training.network, batch, training.trial.training);
  EXPECT_LT(ShareOff(attacked, golden["x_adv"]), 0.01);
}

TEST_P(TrainingStepOf, FollowsSatAndMart) {
  for (const Objective objective : {Objective::kSat, Objective::kMart}) {
    TrialSpec trial = Trial(kBasic);
    trial.training.objective = objective;
    GoldenTraining training(trial, Golden("train/warm_start").State(), GetParam());
    const Golden golden(objective == Objective::kSat ? "train/sat_step0" : "train/mart_step0");
    TrainingBatch batch = GoldenTraining::BatchOf(golden);
    batch.noise = golden["noise"];
    const at::Tensor attacked = AdversarialImages(training.network, batch, trial.training);
    EXPECT_LT(ShareOff(attacked, golden["x_adv"]), 0.01);
    training.FollowOuterStep(golden, bounds_, kBatRates);
  }
}

// Advanced training (reference, section 5.2): attacked by batch statistics, averaged weights.
TEST_P(TrainingStepOf, FollowsTwoStepsOfAat) {
  TrialSpec trial = Trial(kBasic);
  trial.architecture.activation = ActivationKind::kSilu;
  trial.architecture.pre_process = true;
  trial.training = RecipeByName("aat").value().training;
  trial.training.batch_size = 12;
  trial.training.batch_norm_group = 12;
  GoldenTraining training(trial, Golden("train/aat_start").State(), GetParam());
  const std::vector<StepRates> rates = {
      {.rates = {.learning_rate = 0.016, .momentum = 0.95}, .norm_momentum = 1, .ema_decay = 0.1},
      {.rates = {.learning_rate = 0.05, .momentum = 0.94},
       .norm_momentum = 0.01,
       .ema_decay = 2.0 / 11}};
  for (size_t i = 0; i < rates.size(); ++i) {
    SCOPED_TRACE(i);
    const Golden golden("train/aat_step" + std::to_string(i));
    TrainingBatch batch = GoldenTraining::BatchOf(golden);
    batch.noise = golden["noise"];
    const at::Tensor attacked = AdversarialImages(training.network, batch, trial.training);
    EXPECT_LT(ShareOff(attacked, golden["x_adv"]), bounds_.pixels);
    training.FollowOuterStep(golden, bounds_, rates[i]);
    EXPECT_LT(WorstDifference(WithoutCounts(OfficialTensors(*training.state.average)),
                              WithoutCounts(golden.State("ema."))),
              bounds_.tensors);
  }
}

TEST(TrainingStep, RunsEachGroupAloneAndAveragesTheirGradients) {
  constexpr int kHalf = kImages / 2;
  const Golden golden("train/trades_step0");
  const NamedTensors start = Golden("train/warm_start").State();
  const at::Tensor images = golden.Images("images.uint8");
  const auto gradients_of = [&](GoldenTraining& training, int first, int count) {
    const auto part = [&](const at::Tensor& batch) { return batch.narrow(0, first, count); };
    return *GradientsOf(training.network, training.gradients,
                        {.images = part(images), .labels = part(golden["labels"]), .noise = {}},
                        part(golden["x_adv"]), training.trial.training)
                .gradients;
  };
  GoldenTraining whole(Trial(kBasic, kHalf), start);
  GoldenTraining first_half(Trial(kBasic, kHalf), start);
  GoldenTraining second_half(Trial(kBasic, kHalf), start);
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

TEST(TrainingStep, CountsWhatItDid) {
  const Golden golden("train/trades_step0");
  GoldenTraining training(Trial(kBasic), Golden("train/warm_start").State());
  TrainingBatch batch = GoldenTraining::BatchOf(golden);
  batch.noise = golden["noise"];
  const at::Tensor loss = RunStep(training.network, training.gradients, batch,
                                  training.trial.training, kBatRates, training.state);
  const at::Tensor sums = training.state.epoch_sums;
  EXPECT_NEAR(sums[0].item<double>(), golden.Number("loss.natural"), 1e-5);
  EXPECT_NEAR(sums[1].item<double>(), golden.Number("loss.robust"), 1e-4);
  EXPECT_NEAR(loss.item<double>(), golden.Number("loss.total"), 1e-3);
  const at::Tensor right = golden["logits_nat"].argmax(1).eq(golden["labels"]).sum();
  EXPECT_EQ(sums[2].item<double>(), right.item<double>());
}

}  // namespace
}  // namespace archsweep
