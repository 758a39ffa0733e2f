#include "worker/trainer/control.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "base/check.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/trainer/small_job.h"
#include "tests/worker/trainer/trainer_program.h"
#include "worker/trainer/checkpoint.h"

namespace archsweep {
namespace {

// A training that takes for ever, with pipes as an agent makes them.
class RunningTraining : public testing::Test {
 protected:
  RunningTraining() {
    job_.trial.training.epochs = 10'000;
    CHECK(mkfifo(control_.c_str(), 0600) == 0);
    CHECK(mkfifo(lifeline_.c_str(), 0600) == 0);
    control_writer_ = UniqueFd(open(control_.c_str(), O_RDWR | O_CLOEXEC));
    lifeline_writer_ = UniqueFd(open(lifeline_.c_str(), O_RDWR | O_CLOEXEC));
    job_.control_pipe = control_;
    job_.lifeline_pipe = lifeline_;
  }

  static void ExpectStoppedWithACheckpoint(const TrainerOutcome& outcome) {
    EXPECT_EQ(outcome.exit_code, static_cast<int>(TrainerExit::kStopped)) << outcome.output;
    EXPECT_EQ(outcome.Last<FailedLine>().failure.kind, FailureClass::kStopped);
    const auto checkpoints = outcome.All<CheckpointLine>();
    ASSERT_FALSE(checkpoints.empty());
    const CheckpointLine& last = checkpoints.back();
    EXPECT_GE(last.step, outcome.All<StepLine>().back().step);
    EXPECT_TRUE(ReadCheckpoint({last.folder, last.model_sha256}));
  }

  const TemporaryFolder folder_;
  const std::filesystem::path control_ = folder_.Path() / "control";
  const std::filesystem::path lifeline_ = folder_.Path() / "lifeline";
  UniqueFd control_writer_, lifeline_writer_;
  Job job_ = SmallJob(folder_.Path());
};

TEST_F(RunningTraining, StopsWithACheckpointWhenItIsAsked) {
  TrainerProgram trainer(job_);
  ASSERT_TRUE(trainer.WaitFor<StepLine>());
  // In pieces, as a pipe may deliver it.
  for (const std::string_view piece : {"st", "op\n"}) {
    ASSERT_EQ(write(control_writer_.Get(), piece.data(), piece.size()),
              static_cast<ssize_t>(piece.size()));
  }
  ExpectStoppedWithACheckpoint(trainer.Wait());
}

TEST_F(RunningTraining, StopsWithACheckpointOnASignal) {
  TrainerProgram trainer(job_);
  ASSERT_TRUE(trainer.WaitFor<StepLine>());
  ASSERT_EQ(kill(trainer.Pid(), SIGTERM), 0);
  ExpectStoppedWithACheckpoint(trainer.Wait());
}

TEST_F(RunningTraining, LeavesAtOnceWhenTheAgentIsGone) {
  TrainerProgram trainer(job_);
  ASSERT_TRUE(trainer.WaitFor<StepLine>());
  lifeline_writer_.Close();
  const TrainerOutcome outcome = trainer.Wait();
  EXPECT_EQ(outcome.exit_code, static_cast<int>(TrainerExit::kInternal));
  EXPECT_TRUE(outcome.All<FailedLine>().empty());
}

TEST_F(RunningTraining, DoesNotBeginWhenTheAgentIsGoneAlready) {
  lifeline_writer_.Close();
  const TrainerOutcome outcome = RunTrainer(job_);
  EXPECT_EQ(outcome.exit_code, static_cast<int>(TrainerExit::kInternal));
  EXPECT_TRUE(outcome.lines.empty());
}

TEST_F(RunningTraining, GoesOnWhenTheControlPipeIsClosed) {
  job_.trial.training.epochs = 2;
  TrainerProgram trainer(job_);
  ASSERT_TRUE(trainer.WaitFor<StartedLine>());
  control_writer_.Close();
  EXPECT_EQ(trainer.Wait().exit_code, 0);
}

TEST_F(RunningTraining, TellsProgressToThePipeOfTheJob) {
  job_.trial.training.epochs = 1;
  job_.progress_pipe = folder_.Path() / "progress";
  CHECK(mkfifo(job_.progress_pipe.c_str(), 0600) == 0);
  const UniqueFd reader(open(job_.progress_pipe.c_str(), O_RDWR | O_CLOEXEC));
  const TrainerOutcome outcome = RunTrainer(job_);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output, "");
  std::string text(65536, '\0');
  const ssize_t count = read(reader.Get(), text.data(), text.size());
  ASSERT_GT(count, 0);
  text.resize(static_cast<size_t>(count));
  EXPECT_NE(text.find(R"("type":"trained")"), std::string::npos) << text;
}

TEST_F(RunningTraining, FailsWhereNobodyReadsItsProgress) {
  job_.progress_pipe = folder_.Path() / "progress";
  CHECK(mkfifo(job_.progress_pipe.c_str(), 0600) == 0);
  EXPECT_EQ(RunTrainer(job_).exit_code, static_cast<int>(TrainerExit::kInternal));
}

TEST(Program, ExplainsItself) {
  const TrainerOutcome help = TrainerProgram({"--help"}).Wait();
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.output.find("Usage: archsweep-trainer"), std::string::npos);
  const TrainerOutcome version = TrainerProgram({"--version"}).Wait();
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_NE(version.output.find("torch"), std::string::npos);
  EXPECT_NE(TrainerProgram(std::vector<std::string>{}).Wait().exit_code, 0);
  EXPECT_EQ(TrainerProgram({"/nonexistent/job.json"}).Wait().exit_code,
            static_cast<int>(TrainerExit::kConfiguration));
}

}  // namespace
}  // namespace archsweep
