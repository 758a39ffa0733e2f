#include "worker/agent/attempt_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "sweep/attempt/exit_code.h"
#include "sweep/attempt/gang_launch.h"
#include "tests/worker/agent/fixture.h"
#include "worker/agent/process_table.h"
#include "worker/agent/process_use.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr StopGrace kShortGrace = {.ask_ms = 150, .term_ms = 150};

// Runs fake trainers, one at a time, to their end.
class Attempts : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    Begin(FakeMode::kFinish);
  }

  void Begin(FakeMode mode, int amount = 0, bool evaluation = false) {
    job_ = {};
    job_.token = Token{7};
    job_.trial = FakeTrial(mode, amount);
    if (evaluation) {
      job_.evaluation = EvaluationSpec{IdOf(job_.trial), AttackKind::kClean, 11};
      job_.weights = CheckpointRef{"/weights", ""};
    } else {
      job_.checkpoint_folder = folder_.Path() / "checkpoints" / "7";
    }
  }

  tl::expected<AttemptProcess, Failure> Start() {
    const Placement placement{"cpu", 1, {}, "", job_.ranks};
    return AttemptProcess::Start(
        AttemptFolder::Prepare(attempt_, log_, spares_, job_),
        PlanLaunch(program_, FindMpirun(OwnEnvironment()), attempt_, placement, OwnEnvironment()),
        NowMs());
  }

  // Goes on until the attempt has ended or `enough` holds; the lines that came.
  std::vector<ReportedLine> Follow(AttemptProcess& attempt,
                                   const std::function<bool(const ProgressLine&)>& enough = {}) {
    std::vector<ReportedLine> all;
    const int64_t end_ms = NowMs() + kPatienceMs;
    while (!attempt.Ended()) {
      std::vector<ReportedLine> lines = attempt.Step(NowMs());
      std::ranges::move(lines, std::back_inserter(all));
      const bool seen = enough && std::ranges::any_of(all, enough, &ReportedLine::line);
      if (seen || attempt.Ended()) break;
      if (NowMs() > end_ms) {
        ADD_FAILURE() << "the attempt does not end";
        break;
      }
      std::vector<pollfd> descriptors;
      attempt.AddDescriptors(descriptors);
      const int64_t wait_ms = std::min(attempt.DeadlineMs(), end_ms + 1) - NowMs();
      poll(descriptors.data(), descriptors.size(), static_cast<int>(std::max<int64_t>(0, wait_ms)));
    }
    return all;
  }

  std::vector<ReportedLine> RunToEnd() {
    auto attempt = Start();
    if (!attempt) {
      ADD_FAILURE() << attempt.error().message;
      return {};
    }
    std::vector<ReportedLine> lines = Follow(*attempt);
    EXPECT_TRUE(attempt->Ended());
    EXPECT_TRUE(ProcessesOf(attempts_).empty());
    if (lines.empty()) {
      ADD_FAILURE() << "an attempt without a final line";
      lines.push_back({FailedLine{}, ""});
    }
    EXPECT_TRUE(IsFinal(lines.back().line));
    return lines;
  }

  Failure RunToFailure() {
    const ProgressLine last = RunToEnd().back().line;
    const auto* failed = std::get_if<FailedLine>(&last);
    EXPECT_NE(failed, nullptr) << ToText(last);
    return failed ? failed->failure : Failure{};
  }

  std::string LogText() const { return ReadFile(log_, 1 << 20).value_or(""); }

  TemporaryFolder folder_;
  const fs::path attempts_ = folder_.Path() / "attempts";
  fs::path attempt_ = attempts_ / "7";
  const fs::path log_ = folder_.Path() / "logs" / "7.log";
  AttemptSpares spares_;
  fs::path program_ = kFakeTrainer;
  Job job_;
};

// The same with three ranks under mpirun.
class Gangs : public Attempts {
 protected:
  void SetUp() override {
    if (FindMpirun(OwnEnvironment()).empty()) GTEST_SKIP() << "needs mpirun";
    Attempts::SetUp();
  }

  void Begin(FakeMode mode, int amount = 0, bool evaluation = false) {
    Attempts::Begin(mode, amount, evaluation);
    job_.ranks = 3;
    job_.trial.training.batch_size = 3 * job_.trial.training.batch_norm_group;
  }

  // Of the ranks, not of mpirun.
  std::vector<pid_t> Ranks() const {
    std::vector<pid_t> ranks = ProcessesOf(attempts_);
    std::erase_if(ranks, [](pid_t process) { return getsid(process) == process; });
    return ranks;
  }
};

bool IsStarted(const ProgressLine& line) { return std::holds_alternative<StartedLine>(line); }

TEST_F(Attempts, ThatTrainReportTheirWeights) {
  Begin(FakeMode::kSteps, 3);
  const auto lines = RunToEnd();
  ASSERT_GE(lines.size(), 3u);
  EXPECT_TRUE(IsStarted(lines.front().line));
  const auto& trained = std::get<TrainedLine>(lines.back().line);
  EXPECT_EQ(trained.steps, 3);
  EXPECT_EQ(trained.folder, (job_.checkpoint_folder / "step-3").string());
}

TEST_F(Attempts, ThatEvaluateReportFlagsOfAllImages) {
  Begin(FakeMode::kFinish, 0, true);
  const ReportedLine last = RunToEnd().back();
  EXPECT_EQ(std::get<EvaluatedLine>(last.line).correct, 3);
  EXPECT_EQ(last.flags, "\x05\x04");
}

TEST_F(Attempts, WithoutTheRightFlagsFail) {
  Begin(FakeMode::kNoFlags, 0, true);
  const Failure missing = RunToFailure();
  EXPECT_EQ(missing.kind, FailureClass::kTask);
  EXPECT_NE(missing.message.find("flags"), std::string::npos) << missing.message;
  Begin(FakeMode::kBadFlags, 0, true);
  EXPECT_EQ(RunToFailure().kind, FailureClass::kTask);
}

TEST_F(Attempts, ThatCrashAreChargedToTheTask) {
  Begin(FakeMode::kCrash);
  const Failure failure = RunToFailure();
  EXPECT_EQ(failure.kind, FailureClass::kTask);
  EXPECT_TRUE(failure.message.starts_with("the trainer was killed by signal 6")) << failure.message;
}

TEST_F(Attempts, WithoutAFailureRecordAreJudgedByTheirExitCode) {
  Begin(FakeMode::kExit, static_cast<int>(TrainerExit::kOutOfMemory));
  const Failure failure = RunToFailure();
  EXPECT_EQ(failure.kind, FailureClass::kOutOfMemory);
  EXPECT_NE(failure.message.find("its last words: something is wrong here"), std::string::npos)
      << failure.message;
}

TEST_F(Attempts, WithAFailureRecordAreJudgedByIt) {
  Begin(FakeMode::kFail);
  EXPECT_EQ(RunToFailure(), (Failure{FailureClass::kConfiguration, "no such data set"}));
}

TEST_F(Attempts, ThatSomebodyElseKillsAreNotChargedToTheTask) {
  Begin(FakeMode::kHang);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  ASSERT_TRUE(WaitUntil([&] { return !ProcessesOf(attempts_).empty(); }));
  EXPECT_EQ(EndProcessesOf(attempts_, kPatienceMs), 1u);
  const auto lines = Follow(*attempt);
  const Failure failure = std::get<FailedLine>(lines.back().line).failure;
  EXPECT_EQ(failure.kind, FailureClass::kLost);
  EXPECT_NE(failure.message.find("perhaps because memory ran out"), std::string::npos);
}

TEST_F(Attempts, KeepACheckpointWhenAskedToStop) {
  Begin(FakeMode::kSteps, 900);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  Follow(*attempt, [](const auto& line) { return std::holds_alternative<StepLine>(line); });
  const int64_t asked_ms = NowMs();
  attempt->AskStop(asked_ms, {});
  const auto lines = Follow(*attempt);
  EXPECT_LT(NowMs() - asked_ms, StopGrace{}.ask_ms) << "it heeded the first rung";
  ASSERT_GE(lines.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<CheckpointLine>(lines[lines.size() - 2].line));
  EXPECT_EQ(std::get<FailedLine>(lines.back().line).failure.kind, FailureClass::kStopped);
}

TEST_F(Attempts, ThatAreAskedBeforeTheyListenStopAllTheSame) {
  Begin(FakeMode::kHang);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  attempt->AskStop(NowMs(), {});
  const auto lines = Follow(*attempt);
  EXPECT_EQ(std::get<FailedLine>(lines.back().line).failure.kind, FailureClass::kStopped);
}

TEST_F(Attempts, ThatHeedNothingAreKilledAtTheEndOfTheLadder) {
  Begin(FakeMode::kStubborn);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  ASSERT_TRUE(WaitUntil([&] { return !ProcessesOf(attempts_).empty(); }));
  const int64_t asked_ms = NowMs();
  attempt->AskStop(asked_ms, kShortGrace);
  const auto lines = Follow(*attempt);
  const int64_t took_ms = NowMs() - asked_ms;
  EXPECT_LT(took_ms, kShortGrace.ask_ms + kShortGrace.term_ms + 3'000);
  EXPECT_EQ(std::get<FailedLine>(lines.back().line).failure.kind, FailureClass::kStopped);
  EXPECT_TRUE(ProcessesOf(attempts_).empty());
}

TEST_F(Attempts, ThatFloodAreReadToTheEnd) {
  Begin(FakeMode::kFlood, 2);
  const auto lines = RunToEnd();
  EXPECT_EQ(lines.size(), 20'002u);
  EXPECT_TRUE(std::holds_alternative<TrainedLine>(lines.back().line));
}

TEST_F(Attempts, MayWriteSomeLinesThatMeanNothing) {
  Begin(FakeMode::kGarbage, kBadLinesMax);
  EXPECT_TRUE(std::holds_alternative<TrainedLine>(RunToEnd().back().line));
  EXPECT_NE(LogText().find("dropped a progress line: 'garbage 7'"), std::string::npos) << LogText();
}

TEST_F(Attempts, ThatWriteTooManySuchLinesFail) {
  Begin(FakeMode::kGarbage, 999);
  const Failure failure = RunToFailure();
  EXPECT_EQ(failure.kind, FailureClass::kTask);
  EXPECT_TRUE(failure.message.starts_with("the trainer wrote too many lines")) << failure.message;
}

TEST_F(Attempts, MayWriteALineThatIsTooLong) {
  Begin(FakeMode::kLongLine);
  EXPECT_TRUE(std::holds_alternative<TrainedLine>(RunToEnd().back().line));
}

TEST_F(Attempts, TakeTheirGrandchildrenWithThem) {
  Begin(FakeMode::kGrandchild);
  EXPECT_TRUE(std::holds_alternative<TrainedLine>(RunToEnd().back().line));
}

TEST_F(Attempts, ThatLingerAfterTheirFinalLineHaveSucceeded) {
  Begin(FakeMode::kLinger);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  Follow(*attempt, IsStarted);
  attempt->AskStop(NowMs(), kShortGrace);
  EXPECT_TRUE(std::holds_alternative<TrainedLine>(Follow(*attempt).back().line));
}

TEST_F(Attempts, CanBeKilledAtOnce) {
  Begin(FakeMode::kStubborn);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  attempt->AskStop(NowMs(), {});
  attempt->Kill(NowMs());
  EXPECT_EQ(std::get<FailedLine>(Follow(*attempt).back().line).failure.kind,
            FailureClass::kStopped);
}

TEST_F(Attempts, KnowWhatTheyHaveUsedInTheEnd) {
  Begin(FakeMode::kBurn, 32);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  Follow(*attempt, IsStarted);
  EXPECT_FALSE(attempt->Meter().Use()) << "nobody took a sample";
  attempt->AskStop(NowMs(), {});
  Follow(*attempt);
  const auto use = attempt->Meter().Use();
  ASSERT_TRUE(use);
  EXPECT_GE(use->wall_ms, 190);
  EXPECT_GE(use->cpu_ms, 190);
  EXPECT_GE(use->memory_peak_bytes, int64_t{32} << 20);
}

TEST_F(Attempts, LeaveWhenTheirAgentIsGone) {
  Begin(FakeMode::kHang);
  {
    auto attempt = Start();
    ASSERT_TRUE(attempt);
    ASSERT_TRUE(WaitUntil([&] { return ProcessesOf(attempts_).size() == 1; }));
  }
  EXPECT_TRUE(WaitUntil([&] { return ProcessesOf(attempts_).empty(); }));
}

TEST_F(Gangs, EndWell) {
  Begin(FakeMode::kSteps, 3);
  EXPECT_TRUE(std::holds_alternative<TrainedLine>(RunToEnd().back().line));
  Begin(FakeMode::kFinish, 0, true);
  EXPECT_EQ(RunToEnd().back().flags, "\x05\x04");
}

TEST_F(Gangs, KeepACheckpointWhenAskedToStop) {
  Begin(FakeMode::kSteps, 900);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  Follow(*attempt, [](const auto& line) { return std::holds_alternative<StepLine>(line); });
  attempt->AskStop(NowMs(), {});
  const auto lines = Follow(*attempt);
  ASSERT_GE(lines.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<CheckpointLine>(lines[lines.size() - 2].line));
  EXPECT_EQ(std::get<FailedLine>(lines.back().line).failure.kind, FailureClass::kStopped);
  EXPECT_TRUE(ProcessesOf(attempts_).empty());
}

TEST_F(Gangs, ThatHeedNothingAreKilledAtTheEndOfTheLadder) {
  Begin(FakeMode::kStubborn);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  ASSERT_TRUE(WaitUntil([&] { return Ranks().size() == 3; }));
  attempt->AskStop(NowMs(), kShortGrace);
  EXPECT_EQ(std::get<FailedLine>(Follow(*attempt).back().line).failure.kind,
            FailureClass::kStopped);
  EXPECT_TRUE(ProcessesOf(attempts_).empty());
}

TEST_F(Gangs, KnowWhatAllRanksHaveUsed) {
  Begin(FakeMode::kBurn, 16);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  Follow(*attempt, IsStarted);
  // Rank 0 has burnt; the others may be at it still, but are all there.
  ASSERT_TRUE(WaitUntil([&] { return Ranks().size() == 3; }));
  const pid_t session = attempt->Meter().Session();
  EXPECT_TRUE(WaitUntil([&] {
    const auto uses = UseOfSessions({session});
    return uses.contains(session) && uses.at(session).memory_bytes >= int64_t{3 * 16} << 20 &&
           uses.at(session).cpu_ms >= 3 * 150;
  }));
  attempt->AskStop(NowMs(), {});
  Follow(*attempt);
  const auto use = attempt->Meter().Use();
  ASSERT_TRUE(use);
  EXPECT_GE(use->cpu_ms, 3 * 190) << "mpirun waits for its ranks";
}

TEST_F(Gangs, HideTheSignalsOfTheirRanksFromMpirun) {
  Begin(FakeMode::kHang);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  ASSERT_TRUE(WaitUntil([&] { return Ranks().size() == 3; }));
  const pid_t mpirun = getsid(Ranks().front());
  const auto status = ReadFile(Format("/proc/{}/status", mpirun), 1 << 16);
  ASSERT_TRUE(status);
  EXPECT_NE(status->find("SigBlk:\t0000000000004a00"), std::string::npos) << *status;
  ASSERT_EQ(kill(mpirun, SIGTERM), 0);
  attempt->AskStop(NowMs(), {.ask_ms = 10'000, .term_ms = 10'000});
  EXPECT_EQ(std::get<FailedLine>(Follow(*attempt).back().line).failure.kind,
            FailureClass::kStopped);
}

TEST_F(Gangs, ThatLoseARankEndAndNameTheFirstCause) {
  Begin(FakeMode::kRankDies, SIGKILL);
  const Failure killed = RunToFailure();
  EXPECT_EQ(killed.kind, FailureClass::kLost);
  EXPECT_TRUE(killed.message.starts_with("the trainer was killed by signal 9")) << killed.message;
  Begin(FakeMode::kRankDies, SIGSEGV);
  EXPECT_EQ(RunToFailure().kind, FailureClass::kTask);
  Begin(FakeMode::kRankFails);
  EXPECT_EQ(RunToFailure(), (Failure{FailureClass::kOutOfMemory, "rank 1: no memory for rank 1"}));
}

TEST_F(Gangs, LeaveWhenTheirAgentIsGone) {
  Begin(FakeMode::kHang);
  {
    auto attempt = Start();
    ASSERT_TRUE(attempt);
    ASSERT_TRUE(WaitUntil([&] { return Ranks().size() == 3; }));
  }
  EXPECT_TRUE(WaitUntil([&] { return ProcessesOf(attempts_).empty(); }));
}

TEST_F(Gangs, LeaveNothingOfMpirunWhereItIsKilled) {
  Begin(FakeMode::kHang);
  auto attempt = Start();
  ASSERT_TRUE(attempt);
  ASSERT_TRUE(WaitUntil([&] { return Ranks().size() == 3; }));
  attempt->Kill(NowMs());
  Follow(*attempt);
  AttemptFolder(attempt_, log_).RemoveSessions();
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(attempt_))
    left.push_back(entry.path().filename());
  std::ranges::sort(left);
  EXPECT_EQ(left, (std::vector<std::string>{"job.json"}));
}

TEST_F(Attempts, CannotStartWithoutTheirProgram) {
  program_ = folder_.Path() / "archsweep-trainer";
  const auto attempt = Start();
  ASSERT_FALSE(attempt);
  EXPECT_EQ(attempt.error().kind, FailureClass::kConfiguration);
  EXPECT_EQ(attempt.error().message,
            program_.string() +
                ": cannot be started: No such file or directory; build archsweep-trainer, or say "
                "where it is");
}

TEST_F(Attempts, CannotStartWhereNothingCanBeWritten) {
  std::ofstream(attempts_) << "a file where a folder should be";
  const auto attempt = Start();
  ASSERT_FALSE(attempt);
  EXPECT_EQ(attempt.error().kind, FailureClass::kStorage);
  EXPECT_NE(attempt.error().message.find(attempts_.string()), std::string::npos);
}

TEST_F(Attempts, DoNotSeeFilesOfAnAttemptOfAnotherDatabase) {
  fs::create_directories(attempt_);
  std::ofstream(attempt_ / "flags") << "old";
  Begin(FakeMode::kNoFlags, 0, true);
  EXPECT_EQ(RunToFailure().kind, FailureClass::kTask);
}

TEST_F(Attempts, DoNotSeeFilesOfTheAttemptBefore) {
  Begin(FakeMode::kFinish, 0, true);
  EXPECT_FALSE(std::holds_alternative<FailedLine>(RunToEnd().back().line));
  AttemptFolder(attempt_, log_).HandOn(spares_.folders);
  const fs::path before = std::exchange(attempt_, attempts_ / "8");
  Begin(FakeMode::kNoFlags, 0, true);
  EXPECT_EQ(RunToFailure().kind, FailureClass::kTask);
  EXPECT_FALSE(fs::exists(before));
}

TEST_F(Attempts, AreNotHandedManyFiles) {
  Begin(FakeMode::kFinish);
  RunToEnd();
  for (int i = 0; i < 20; ++i) std::ofstream(attempt_ / Format("left-{}", i)) << "x";
  AttemptFolder(attempt_, log_).HandOn(spares_.folders);
  EXPECT_FALSE(fs::exists(attempt_));
}

TEST_F(Attempts, BoundTheLogOfTheirTrainer) {
  fs::create_directories(log_.parent_path());
  const AttemptFolder files(attempt_, log_);
  std::ofstream(files.Log()) << "short\n";
  files.BoundLog();
  EXPECT_EQ(LogText(), "short\n");
  fs::resize_file(files.Log(), kLogBytesMax + 1);
  files.BoundLog();
  EXPECT_EQ(LogText(), Format("archsweep: {} bytes of output were dropped here; a log holds {}\n",
                              kLogBytesMax + 1, kLogBytesMax));
}

}  // namespace
}  // namespace archsweep
