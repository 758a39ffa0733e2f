#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <optional>
#include <random>

#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/trainer/small_job.h"
#include "tests/worker/trainer/trainer_program.h"
#include "worker/trainer/checkpoint.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kKills = 30;

// A training of some seconds.
Job KilledJob(const fs::path& root) {
  Job job = SmallJob(root);
  job.trial.training = SmallAat(12);
  job.trial.training.learning_rate = 0.05;
  job.trial.numerics = FastNumerics(/*gpu=*/false);
  job.checkpoint_interval_ms = 0;
  return job;
}

// The readable checkpoint of the highest step, as an agent looks for it.
std::optional<CheckpointRef> Newest(const fs::path& checkpoints) {
  int64_t best_step = -1;
  std::optional<CheckpointRef> best;
  if (!fs::exists(checkpoints)) return best;
  for (const auto& attempt : fs::directory_iterator(checkpoints)) {
    for (const auto& folder : fs::directory_iterator(attempt.path())) {
      if (!folder.path().filename().string().starts_with("step-")) continue;
      const auto checkpoint = ReadCheckpoint({folder.path(), ""});
      if (!checkpoint || checkpoint->step <= best_step) continue;
      best_step = checkpoint->step;
      best = CheckpointRef{folder.path(), ""};
    }
  }
  return best;
}

// A moment between two lines.
void SpinFor(std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

TEST(KilledTraining, EndsWithTheBitsOfTheUninterruptedOne) {
  const auto seed = static_cast<unsigned>(std::random_device()());
  SCOPED_TRACE(Format("seed {}", seed));
  std::mt19937 random(seed);
  const TemporaryFolder folder;
  Job job = KilledJob(folder.Path());
  const TrainerOutcome whole = RunTrainer(job);
  ASSERT_EQ(whole.exit_code, 0) << whole.output;
  const TrainedLine expected = whole.Last<TrainedLine>();
  int kills = 0;
  for (int attempt = 0, round = 0; kills < kKills;) {
    const fs::path checkpoints = folder.Path() / Format("round-{}", round);
    job.checkpoint_folder = checkpoints / Format("{}", attempt++);
    job.resume = Newest(checkpoints);
    TrainerProgram trainer(job);
    // A checkpoint is told of when it is durable; the next one is then being written.
    for (int told = std::uniform_int_distribution(0, 12)(random); told > 0; --told) {
      if (!trainer.WaitFor<CheckpointLine>()) break;
    }
    SpinFor(std::chrono::microseconds(std::uniform_int_distribution(0, 30'000)(random)));
    kill(trainer.Pid(), SIGKILL);
    const TrainerOutcome outcome = trainer.Wait();
    if (outcome.exit_code == 128 + SIGKILL) {
      ++kills;
      continue;
    }
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    ASSERT_EQ(outcome.Last<TrainedLine>().model_sha256, expected.model_sha256);
    ASSERT_EQ(outcome.Last<TrainedLine>().best->model_sha256, expected.best->model_sha256);
    ++round;
  }
  // The last one is left to end.
  job.resume = std::nullopt;
  job.checkpoint_folder = folder.Path() / "last/0";
  for (int i = 0; i < 3; ++i) {
    TrainerProgram trainer(job);
    ASSERT_TRUE(trainer.WaitFor<CheckpointLine>());
    kill(trainer.Pid(), SIGKILL);
    trainer.Wait();
    job.resume = Newest(folder.Path() / "last");
    job.checkpoint_folder = folder.Path() / Format("last/{}", i + 1);
  }
  const TrainerOutcome outcome = RunTrainer(job);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_EQ(outcome.Last<TrainedLine>().model_sha256, expected.model_sha256);
}

}  // namespace
}  // namespace archsweep
