#include "worker/trainer/train_task.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "sweep/trial/schedule.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/trainer/golden.h"
#include "tests/worker/trainer/small_job.h"
#include "tests/worker/trainer/trainer_program.h"
#include "worker/trainer/checkpoint.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

class Training : public testing::Test {
 protected:
  // A copy of the job in folders of its own.
  Job Copy(const std::string& name) const {
    Job job = job_;
    job.attempt_folder = folder_.Path() / name;
    job.checkpoint_folder = folder_.Path() / name / "checkpoints";
    return job;
  }

  static Failure FailureOf(const Job& job, TrainerExit code) {
    const TrainerOutcome outcome = RunTrainer(job);
    EXPECT_EQ(outcome.exit_code, static_cast<int>(code));
    EXPECT_EQ(outcome.All<FailedLine>().size(), 1u) << outcome.output;
    return outcome.Last<FailedLine>().failure;
  }

  const TemporaryFolder folder_;
  Job job_ = SmallJob(folder_.Path());
};

TEST_F(Training, TellsWhatItDoesAndLeavesTheLastWeights) {
  const TrainerOutcome outcome = RunTrainer(job_);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  ASSERT_TRUE(std::holds_alternative<StartedLine>(outcome.lines.front()));
  EXPECT_EQ(std::get<StartedLine>(outcome.lines.front()).threads, 1);
  const auto epochs = outcome.All<EpochLine>();
  ASSERT_EQ(epochs.size(), 2u);
  EXPECT_EQ(epochs[1].epoch, 2);
  EXPECT_NEAR(epochs[1].learning_rate, RatesAt(job_.trial.training, 1).learning_rate, 1e-12);
  EXPECT_NEAR(epochs[1].loss, epochs[1].natural_loss + 6 * epochs[1].robust_loss, 1e-9);
  EXPECT_GT(epochs[1].seconds, 0);
  for (const StepLine& step : outcome.All<StepLine>()) {
    EXPECT_EQ(step.steps, 4);
    EXPECT_GT(step.loss, 0);
  }
  const TrainedLine last = outcome.Last<TrainedLine>();
  EXPECT_GE(last.seconds + 1e-9, epochs[0].seconds + epochs[1].seconds);
  EXPECT_EQ(last.steps, 4);
  EXPECT_FALSE(last.diverged);
  EXPECT_EQ(last.folder, job_.checkpoint_folder / "step-4");
  EXPECT_EQ(last.model_sha256,
            Sha256HexOfFile(fs::path(last.folder) / "model.safetensors").value());
  EXPECT_EQ(outcome.All<CheckpointLine>().back().model_sha256, last.model_sha256);
}

// All that training goes on from: averaged weights, the best ones, other numerics.
class TrainingOf : public Training, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    const std::string kind = GetParam();
    if (kind == "Aat") job_.trial.training = SmallAat(2);
    if (kind == "Mart") job_.trial.training.objective = Objective::kMart;
    job_.trial.numerics =
        kind == "Reference" ? ReferenceNumerics() : FastNumerics(/*gpu=*/kind == "Bf16");
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, TrainingOf,
                         testing::Values("Fast", "Bf16", "Reference", "Aat", "Mart"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(TrainingOf, EndsWithTheSameBitsWhereverItWasInterrupted) {
  Job whole = Copy("whole");
  whole.checkpoint_interval_ms = 0;
  whole.checkpoints_kept = 100;
  const TrainerOutcome uninterrupted = RunTrainer(whole);
  ASSERT_EQ(uninterrupted.exit_code, 0) << uninterrupted.output;
  const auto checkpoints = uninterrupted.All<CheckpointLine>();
  ASSERT_GE(checkpoints.size(), 3u);
  const TrainedLine expected = uninterrupted.Last<TrainedLine>();
  for (const CheckpointLine& checkpoint : checkpoints) {
    SCOPED_TRACE(checkpoint.step);
    Job rest = Copy("rest-" + std::to_string(checkpoint.step));
    rest.resume = CheckpointRef{checkpoint.folder, checkpoint.model_sha256};
    const TrainerOutcome resumed = RunTrainer(rest);
    ASSERT_EQ(resumed.exit_code, 0) << resumed.output;
    EXPECT_EQ(resumed.All<StartedLine>().front().resumed_step, checkpoint.step);
    const TrainedLine found = resumed.Last<TrainedLine>();
    EXPECT_EQ(found.model_sha256, expected.model_sha256);
    ASSERT_EQ(found.best.has_value(), expected.best.has_value());
    if (found.best) {
      EXPECT_EQ(found.best->model_sha256, expected.best->model_sha256);
      EXPECT_EQ(found.best->accuracy, expected.best->accuracy);
    }
    // Sums over an epoch go on too.
    if (checkpoint.step < 4) {
      const EpochLine epoch = resumed.All<EpochLine>().back();
      EXPECT_EQ(epoch.loss, uninterrupted.All<EpochLine>().back().loss);
      EXPECT_EQ(epoch.robust_accuracy, uninterrupted.All<EpochLine>().back().robust_accuracy);
    }
  }
}

TEST_F(Training, CountsTheTimeOfEarlierAttempts) {
  Job whole = Copy("whole");
  whole.checkpoint_interval_ms = 0;
  const CheckpointLine newest = RunTrainer(whole).All<CheckpointLine>().back();
  const Checkpoint checkpoint = ReadCheckpoint({newest.folder, newest.model_sha256}).value();
  const at::Tensor seconds = TensorNamed(checkpoint.state, "seconds");
  EXPECT_GT(seconds[1].item<double>(), 0);
  seconds[1] = 1000;
  const WrittenCheckpoint changed = WriteCheckpoint(folder_.Path() / "changed", checkpoint).value();
  Job rest = Copy("rest");
  rest.resume = CheckpointRef{changed.folder, changed.model_sha256};
  const double total = RunTrainer(rest).Last<TrainedLine>().seconds;
  EXPECT_GE(total, 1000);
  EXPECT_LT(total, 1000 + kTrainerWaitMs / 1000);
}

TEST_F(Training, LeavesTheBestWeightsByWhatItTellsOfEachEpoch) {
  Job job = Copy("best");
  job.trial.training.selection = Selection::kTest;
  job.trial.training.selection_start = 0;
  const TrainerOutcome outcome = RunTrainer(job);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  const auto epochs = outcome.All<EpochLine>();
  ASSERT_EQ(epochs.size(), 2u);
  ASSERT_TRUE(epochs[0].pgd20_accuracy && epochs[1].pgd20_accuracy && epochs[1].clean_accuracy);
  EXPECT_TRUE(epochs[1].train_fgsm_accuracy);
  const auto best = outcome.Last<TrainedLine>().best;
  ASSERT_TRUE(best);
  const int expected = *epochs[1].pgd20_accuracy > *epochs[0].pgd20_accuracy ? 2 : 1;
  EXPECT_EQ(best->epoch, expected);
  EXPECT_EQ(best->step, 2 * expected);
  EXPECT_EQ(best->accuracy, *epochs[static_cast<size_t>(expected - 1)].pgd20_accuracy);
  EXPECT_EQ(best->model_sha256,
            Sha256HexOfFile(fs::path(best->folder) / "model.safetensors").value());
}

TEST_F(Training, DependsOnTheSeedAlone) {
  Job other = Copy("other");
  other.trial.seed = 12;
  const TrainerOutcome first = RunTrainer(Copy("first"));
  const TrainerOutcome second = RunTrainer(Copy("second"));
  EXPECT_EQ(first.Last<TrainedLine>().model_sha256, second.Last<TrainedLine>().model_sha256);
  EXPECT_NE(first.Last<TrainedLine>().model_sha256,
            RunTrainer(other).Last<TrainedLine>().model_sha256);
}

TEST_F(Training, KeepsOnlyTheNewestCheckpoints) {
  Job job = Copy("kept");
  job.checkpoint_interval_ms = 0;
  job.checkpoints_kept = 1;
  ASSERT_EQ(RunTrainer(job).exit_code, 0);
  int found = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(job.checkpoint_folder)) ++found;
  EXPECT_EQ(found, 1);
  EXPECT_TRUE(fs::exists(job.checkpoint_folder / "step-4"));
}

TEST_F(Training, ThatDivergesIsDoneAndSaysSo) {
  Job job = Copy("wild");
  job.trial.training.learning_rate = 1e30;
  const TrainerOutcome outcome = RunTrainer(job);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(outcome.Last<TrainedLine>().diverged);
  EXPECT_EQ(outcome.Last<TrainedLine>().folder, "");
}

TEST_F(Training, RefusesACheckpointThatIsCutOff) {
  const TrainerOutcome outcome = RunTrainer(job_);
  const fs::path folder = outcome.Last<TrainedLine>().folder;
  fs::resize_file(folder / "state.safetensors", 1000);
  Job rest = Copy("rest");
  rest.resume = CheckpointRef{folder, ""};
  const Failure failure = FailureOf(rest, TrainerExit::kConfiguration);
  EXPECT_NE(failure.message.find("state.safetensors"), std::string::npos) << failure.message;
}

TEST_F(Training, RefusesACheckpointOfAnotherTrial) {
  const TrainerOutcome outcome = RunTrainer(job_);
  Job other = Copy("other");
  other.trial.seed = 99;
  other.resume = CheckpointRef{outcome.Last<TrainedLine>().folder, ""};
  const Failure failure = FailureOf(other, TrainerExit::kConfiguration);
  EXPECT_NE(failure.message.find("another trial"), std::string::npos) << failure.message;
}

TEST_F(Training, RefusesABatchLargerThanTheDataSet) {
  Job job = Copy("large");
  job.trial.training.batch_size = 96;
  const Failure failure = FailureOf(job, TrainerExit::kConfiguration);
  EXPECT_EQ(failure.kind, FailureClass::kConfiguration);
  EXPECT_NE(failure.message.find("96"), std::string::npos);
  EXPECT_NE(failure.message.find("20 training"), std::string::npos);
}

TEST_F(Training, RefusesOtherDataThanTheTrialMeans) {
  Job job = Copy("data");
  job.trial.dataset.digest = std::string(64, 'a');
  const Failure failure = FailureOf(job, TrainerExit::kConfiguration);
  EXPECT_NE(failure.message.find(job_.trial.dataset.digest), std::string::npos);
}

TEST_F(Training, ThatCannotKeepACheckpointIsNotToBlame) {
  Job job = Copy("full");
  CHECK(CreateFolders(job.attempt_folder));
  CHECK(WriteFileDurably(job.checkpoint_folder, "in the way"));
  const Failure failure = FailureOf(job, TrainerExit::kStorage);
  EXPECT_EQ(failure.kind, FailureClass::kStorage);
}

TEST_F(Training, RefusesADeviceThatIsNotThere) {
  if (at::hasCUDA()) GTEST_SKIP() << "there is a GPU";
  Job job = Copy("gpu");
  job.device = "cuda";
  EXPECT_NE(FailureOf(job, TrainerExit::kConfiguration).message.find("no GPU"), std::string::npos);
}

TEST_F(Training, RefusesNumericsThatItDoesNotKnow) {
  Job job = Copy("numerics");
  job.trial.numerics.precision = "bf16";
  EXPECT_NE(FailureOf(job, TrainerExit::kConfiguration).message.find("bf16"), std::string::npos);
}

// A recipe with everything that changes a batch: two runs of it are equal, so that it can be
// resumed, and the best checkpoint is of images that no batch has.
TEST_F(Training, SelectsOnHeldOutImagesUnderEveryAugmentation) {
  const auto train = [&](const std::string& name) {
    Job job = Copy(name);
    TrainingSpec& training = job.trial.training;
    training.batch_size = 8;
    training.batch_norm_group = 8;
    training.rotation_degrees = 20;
    training.resized_crop = true;
    training.color_jitter = 0.3;
    training.cutmix = true;
    training.selection = Selection::kHeldout;
    training.heldout_images = 4;
    const TrainerOutcome outcome = RunTrainer(job);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    return outcome.Last<TrainedLine>();
  };
  const TrainedLine first = train("augmented");
  EXPECT_EQ(first.model_sha256, train("again").model_sha256);
  ASSERT_TRUE(first.best);
  EXPECT_EQ(first.best->accuracy * 4, std::round(first.best->accuracy * 4));
}

TEST(TaskError, KnowsMemoryThatIsNotThere) {
  try {
    at::empty({int64_t{1} << 46}, at::kFloat);
    FAIL() << "there is too much memory for this test";
  } catch (...) {
    EXPECT_EQ(FailureInFlight().kind, FailureClass::kOutOfMemory);
  }
}

}  // namespace
}  // namespace archsweep
