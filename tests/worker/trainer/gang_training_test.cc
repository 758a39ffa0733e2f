#include <ATen/ATen.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "sweep/attempt/rank_failure.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/trainer/gang.h"
#include "tests/worker/trainer/small_job.h"
#include "tests/worker/trainer/trainer_program.h"
#include "worker/trainer/checkpoint.h"

namespace archsweep {
namespace {

// Whole trainings and evaluations by two ranks of archsweep-trainer.
class GangTraining : public testing::Test {
 protected:
  void SetUp() override {
    if (GangCommand(2, "", "", {}).empty()) GTEST_SKIP() << kNoGang;
  }

  Job JobOf(int ranks, const std::string& name) const {
    Job job = SmallJob(folder_.Path());
    job.ranks = ranks;
    job.attempt_folder = folder_.Path() / name;
    job.checkpoint_folder = folder_.Path() / "checkpoints" / name;
    return job;
  }

  TrainerProgram Start(const Job& job) const {
    CHECK(CreateFolders(job.attempt_folder));
    const std::string file = job.attempt_folder / "job.json";
    CHECK(WriteFileDurably(file, ToJson(job).dump()));
    return TrainerProgram(TrainerProgram::Command{
        GangCommand(job.ranks, job.attempt_folder, "archsweep-trainer", {file})});
  }

  static CheckpointRef WeightsOf(const TrainerOutcome& outcome) {
    const auto& trained = outcome.Last<TrainedLine>();
    return {trained.folder, trained.model_sha256};
  }

  const TemporaryFolder folder_;
};

double Distance(const NamedTensors& a, const NamedTensors& b) {
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, (a[i].tensor - b[i].tensor).abs().max().item<double>());
  }
  return worst;
}

TEST_F(GangTraining, GivesTheWeightsOfOneProcessUpToRounding) {
  const TrainerOutcome one = RunTrainer(JobOf(1, "one"));
  const TrainerOutcome two = Start(JobOf(2, "two")).Wait();
  ASSERT_EQ(one.exit_code, 0) << one.output;
  ASSERT_EQ(two.exit_code, 0) << two.output;
  const auto first = ReadCheckpoint(WeightsOf(one));
  const auto second = ReadCheckpoint(WeightsOf(two));
  ASSERT_TRUE(first && second);
  EXPECT_LT(Distance(first->model, second->model), 1e-4);
  ASSERT_EQ(first->state.size(), second->state.size()) << "all batch-norm groups are kept";
  const EpochLine epoch = one.All<EpochLine>().back();
  const EpochLine shared = two.All<EpochLine>().back();
  EXPECT_NEAR(epoch.loss, shared.loss, 1e-4);
  EXPECT_EQ(two.All<StartedLine>().size(), 1u) << "rank 0 alone tells";
}

TEST_F(GangTraining, StopsTogetherAndGoesOnBitForBit) {
  Job job = JobOf(2, "whole");
  job.trial.training.epochs = 6;
  const TrainerOutcome whole = Start(job).Wait();
  Job stopped = JobOf(2, "stopped");
  stopped.trial = job.trial;
  stopped.checkpoint_interval_ms = 0;
  stopped.control_pipe = folder_.Path() / "control";
  ASSERT_EQ(mkfifo(stopped.control_pipe.c_str(), 0600), 0);
  const UniqueFd control(open(stopped.control_pipe.c_str(), O_RDWR | O_CLOEXEC));
  TrainerProgram trainer = Start(stopped);
  ASSERT_TRUE(trainer.WaitFor<StepLine>());
  ASSERT_EQ(write(control.Get(), "stop\n", 5), 5);
  const TrainerOutcome end = trainer.Wait();
  EXPECT_EQ(end.exit_code, static_cast<int>(TrainerExit::kStopped)) << end.output;
  const CheckpointLine kept = end.All<CheckpointLine>().back();
  ASSERT_GT(kept.step, 0);
  Job resumed = JobOf(2, "resumed");
  resumed.trial = job.trial;
  resumed.resume = CheckpointRef{kept.folder, kept.model_sha256};
  const TrainerOutcome rest = Start(resumed).Wait();
  ASSERT_EQ(rest.exit_code, 0) << rest.output;
  EXPECT_EQ(rest.All<StartedLine>().front().resumed_step, kept.step);
  EXPECT_EQ(WeightsOf(rest).model_sha256, WeightsOf(whole).model_sha256);
}

TEST_F(GangTraining, EvaluatesToTheFlagsOfOneProcess) {
  const TrainerOutcome trained = RunTrainer(JobOf(1, "trained"));
  const auto flags_of = [&](int ranks) {
    Job job = JobOf(ranks, Format("evaluated-{}", ranks));
    job.checkpoint_folder.clear();
    job.weights = WeightsOf(trained);
    job.evaluation = EvaluationSpec{.trial = IdOf(job.trial),
                                    .attack = AttackKind::kPgd20,
                                    .images = 10,
                                    .settings = SettingsOf(AttackKind::kPgd20)};
    const TrainerOutcome outcome = ranks == 1 ? RunTrainer(job) : Start(job).Wait();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    return ReadFile(job.attempt_folder / "flags.bin", 100).value_or("no flags");
  };
  EXPECT_EQ(flags_of(1), flags_of(2));
}

TEST_F(GangTraining, EndsWithTheCauseOfTheRankThatFails) {
  Job job = JobOf(2, "failing");
  job.data_root = folder_.Path() / "nowhere";
  const TrainerOutcome outcome = Start(job).Wait();
  EXPECT_EQ(outcome.exit_code, static_cast<int>(TrainerExit::kConfiguration));
  const auto first = FirstRankFailure(job.attempt_folder, 2);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->failure.kind, FailureClass::kConfiguration);
}

TEST_F(GangTraining, RefusesToBeginAlone) {
  EXPECT_EQ(RunTrainer(JobOf(2, "alone")).exit_code, static_cast<int>(TrainerExit::kConfiguration));
}

}  // namespace
}  // namespace archsweep
