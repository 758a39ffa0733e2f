#include "worker/trainer/step_taker.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "sweep/trial/recipe.h"
#include "worker/trainer/noise.h"

namespace archsweep {
namespace {

constexpr int64_t kImages = 8;

// What it was asked for.
struct Asked {
  int recordings = 0;
  int replays = 0;
  int forgotten = 0;
};

// Replays on the processor: by asking for the same again, on the tensors that were recorded. Where
// there is a part of a step that it comes to, it records nothing.
class ProcessorRecorder final : public StepRecorder {
 public:
  explicit ProcessorRecorder(Asked& asked, std::function<void()> part = nullptr)
      : asked_(asked), part_(std::move(part)) {}

  bool Record(const std::function<void()>& step) override {
    ++asked_.recordings;
    if (part_) {
      part_();
      return false;
    }
    step_ = step;
    return true;
  }
  void Replay() override {
    ++asked_.replays;
    step_();
  }
  void Forget() override {
    ++asked_.forgotten;
    step_ = nullptr;
  }

 private:
  Asked& asked_;
  const std::function<void()> part_;
  std::function<void()> step_;
};

TrialSpec Trial(TrainingSpec training) {
  training.batch_size = kImages;
  training.batch_norm_group = kImages / 2;
  training.attack_steps = 2;
  return {.dataset = {},
          .architecture = {.depth = {1, 1, 1}, .width = {1, 1, 1}},
          .training = std::move(training)};
}

// A training and what takes its steps.
struct TakenSteps {
  TakenSteps(TrialSpec spec, std::unique_ptr<StepRecorder> recorder, at::Device device = at::kCPU)
      : trial(std::move(spec)),
        state(NewTraining(trial, {}, device)),
        network(state.graph, state.model),
        sum(state.parameters, kOuterScalars, *alone),
        taker(network, sum, trial.training, state, std::move(recorder)) {}

  TrainingBatch Batch() const {
    std::vector<int64_t> samples(kImages);
    std::iota(samples.begin(), samples.end(), kImages * state.step);
    const at::Tensor like =
        at::empty({kImages, 3, 32, 32}, state.epoch_sums.options().dtype(at::kFloat));
    return {.images = (UniformNoise({1, DrawPurpose::kAugmentation, 0}, samples, 0.5, like) + 0.5),
            .labels = at::tensor(samples).remainder(10).to(like.device()),
            .noise = NormalNoise({1, DrawPurpose::kTrainingStart, 0}, samples, like)};
  }

  double Take(double learning_rate) {
    return taker.Take(Batch(), {.rates = {.learning_rate = learning_rate, .momentum = 0.9}})
        .item<double>();
  }

  const TrialSpec trial;
  const std::unique_ptr<Collective> alone = SingleProcess();
  TrainingState state;
  const Executor network;
  GradientSum sum;
  StepTaker taker;
};

void ExpectEqual(const TrainingState& a, const TrainingState& b) {
  EXPECT_EQ(a.step, b.step);
  const auto all = [](const TrainingState& state) {
    NamedTensors tensors = ResumeTensors(state);
    for (const NamedTensor& named : OfficialTensors(KeptModel(state))) tensors.push_back(named);
    return tensors;
  };
  const NamedTensors left = all(a);
  const NamedTensors right = all(b);
  ASSERT_EQ(left.size(), right.size());
  for (size_t i = 0; i < left.size(); ++i) {
    EXPECT_TRUE(at::equal(left[i].tensor, right[i].tensor)) << left[i].name;
  }
}

TEST(StepTaker, ReplaysTheStepsThatItWouldHaveTaken) {
  for (const char* recipe : {"bat", "aat"}) {
    SCOPED_TRACE(recipe);
    const TrialSpec trial = Trial(RecipeByName(recipe).value().training);
    Asked asked;
    TakenSteps replayed(trial, std::make_unique<ProcessorRecorder>(asked));
    TakenSteps taken(trial, nullptr);
    for (const double rate : {0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.02}) {
      EXPECT_EQ(replayed.Take(rate), taken.Take(rate));
    }
    ExpectEqual(replayed.state, taken.state);
    EXPECT_EQ(replayed.state.step, 7);
    EXPECT_EQ(asked.recordings, 2) << "the second step of each rate that lasts";
    EXPECT_EQ(asked.replays, 4);
    EXPECT_EQ(asked.forgotten, 3) << "before the first step of each rate";
  }
}

TEST(StepTaker, HasAGpuReplayTheStepsThatItWouldHaveTaken) {
  if (!at::hasCUDA()) GTEST_SKIP() << "needs a GPU";
  const at::Device gpu(at::kCUDA, 0);
  at::globalContext().setDeterministicCuDNN(true);
  const TrialSpec trial = Trial(RecipeByName("bat").value().training);
  std::unique_ptr<StepRecorder> recorder = MakeStepRecorder(gpu);
  ASSERT_TRUE(recorder);
  TakenSteps replayed(trial, std::move(recorder), gpu);
  TakenSteps taken(trial, nullptr, gpu);
  for (const double rate : {0.1, 0.1, 0.1, 0.05, 0.05, 0.05}) {
    EXPECT_EQ(replayed.Take(rate), taken.Take(rate));
  }
  ExpectEqual(replayed.state, taken.state);
}

TEST(StepTaker, TakesStepsThatCannotBeRecorded) {
  const TrialSpec trial = Trial(RecipeByName("bat").value().training);
  Asked asked;
  std::unique_ptr<TakenSteps> refused;
  const auto part = [&] {
    const at::Tensor images = refused->Batch().images;
    refused->sum.Add(refused->network.Train(images, 0, {.tracks_statistics = false}).sum());
  };
  refused = std::make_unique<TakenSteps>(trial, std::make_unique<ProcessorRecorder>(asked, part));
  TakenSteps taken(trial, nullptr);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(refused->Take(0.1), taken.Take(0.1));
  ExpectEqual(refused->state, taken.state);
  EXPECT_EQ(asked.recordings, 1) << "once is enough";
  EXPECT_EQ(asked.replays, 0);
}

// The tensors of this device have shapes and no values: whatever would have to look at one, and on
// a GPU would make the host wait, throws.
void StepWithoutValues(const TrialSpec& trial, const ExecutorOptions& options) {
  const at::Device device(at::kMeta);
  TrainingState state = NewTraining(trial, {}, device);
  const Executor network(state.graph, state.model, options);
  const auto alone = SingleProcess();
  GradientSum sum(state.parameters, kOuterScalars, *alone);
  const at::Tensor images = at::empty({kImages, 3, 32, 32}, device);
  const TrainingBatch batch = {.images = images,
                               .labels = at::empty(kImages, images.options().dtype(at::kLong)),
                               .noise = images};
  const at::Tensor loss = RunStep(network, sum, batch, trial.training, {}, state);
  EXPECT_TRUE(loss.is_meta());
  EXPECT_ANY_THROW(loss.item<double>()) << "so that this test can fail";
}

TEST(StepTaker, LooksAtNoValueInsideAStep) {
  for (const char* recipe : {"bat", "aat"}) {
    for (const BlockType& block : BlockTypes()) {
      for (const Objective objective : {Objective::kTrades, Objective::kSat, Objective::kMart}) {
        TrialSpec trial = Trial(RecipeByName(recipe).value().training);
        trial.architecture.block = &block;
        trial.training.objective = objective;
        trial.training.selection = Selection::kNone;  // Keeps the best weights on the processor.
        trial.training.gradient_clip = 1;
        SCOPED_TRACE(block.name);
        StepWithoutValues(trial, {});
        StepWithoutValues(trial, {.compute_type = at::kBFloat16});
      }
    }
  }
}

}  // namespace
}  // namespace archsweep
