#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <utility>

#include "archsweep_version.h"
#include "base/file.h"
#include "proto/access/access.h"
#include "tests/cli/run_fixture.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience(30);
constexpr int kGaveUp = 75;

// Coordinator and workers as programs of their own.
class ClusterTest : public RunTest {
 protected:
  std::unique_ptr<BackgroundCommand> Beside(std::vector<std::string> arguments,
                                            const std::string& output) const {
    arguments.insert(arguments.begin(), std::string(ARCHSWEEP_PROGRAM_DIR) + "/archsweep");
    return std::make_unique<BackgroundCommand>(arguments, folder_.Path() / output);
  }
  std::vector<std::string> CoordinatorArguments() const {
    return {"coordinator", "--state", State(), "--shared", Shared(), "--listen", "127.0.0.1:0"};
  }
  // Waits until it can be called.
  std::unique_ptr<BackgroundCommand> StartCoordinator(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = CoordinatorArguments();
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto started = Beside(arguments, Format("coordinator-{}", ++coordinators_));
    const int64_t before = epoch_;
    EXPECT_TRUE(WaitUntil(
        [&] {
          const auto access = ReadAccess(AccessFile(Shared(), Role::kWorker));
          if (access) epoch_ = access->epoch;
          return epoch_ > before;
        },
        kPatience))
        << started->Output();
    if (before == 0) {
      const CommandResult submitted = Ask({"submit", Sweep()});
      EXPECT_EQ(submitted.exit_code, 0) << submitted.err;
    }
    return started;
  }
  std::unique_ptr<BackgroundCommand> StartWorker(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {
        "worker",
        "--shared",
        Shared(),
        "--work",
        (folder_.Path() / "work").string(),
        "--data-root",
        std::string(ARCHSWEEP_SOURCE_DIR) + "/examples/data",
        "--slots",
        "2",
        "--gpus",
        "0",
        "--grace",
        "5s",
        "--trainer",
        std::string(ARCHSWEEP_PROGRAM_DIR) + "/archsweep-fake-trainer"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Beside(arguments, "worker");
  }
  CommandResult Ask(std::vector<std::string> arguments) const {
    return AskCoordinator(Shared(), std::move(arguments));
  }
  std::string Value(const std::string& sql) const { return QueryCoordinator(Shared(), sql); }
  bool WaitForResults(const std::string& count) const {
    return WaitUntil([&] { return Value("SELECT count(*) FROM result") == count; }, kPatience);
  }
  std::string Shared() const { return (folder_.Path() / "shared").string(); }

  int coordinators_ = 0;
  int64_t epoch_ = 0;
};

TEST_F(ClusterTest, TakesASweepToItsResults) {
  const auto coordinator = StartCoordinator();
  const auto worker = StartWorker();
  ASSERT_TRUE(WaitForResults("4")) << coordinator->Output() << worker->Output();
  EXPECT_EQ(Ask({"watch"}).exit_code, 0);
  const CommandResult status = Ask({"status", "test", "--format", "jsonl"});
  EXPECT_NE(status.out.find("\"done\":8"), std::string::npos) << status.out << status.err;
  EXPECT_NE(status.out.find("\"eta_seconds\":null"), std::string::npos) << "nothing is left";
  EXPECT_EQ(Ask({"status", "other"}).exit_code, 1);
  const CommandResult workers = Ask({"workers", "--format", "jsonl"});
  EXPECT_NE(workers.out.find("\"succeeded\":8"), std::string::npos) << workers.out << workers.err;
  EXPECT_NE(workers.out.find(Format("\"version\":\"{}\"", kBuild)), std::string::npos);
  EXPECT_EQ(Value("SELECT DISTINCT worker_version FROM v_evaluation"), kBuild);
  EXPECT_EQ(Split(Ask({"results", "--format", "csv"}).out, '\n').size(), 6u);
  const std::string trial = Value("SELECT id FROM trial LIMIT 1").substr(0, 8);
  const CommandResult why = Ask({"why", trial, "--format", "csv"});
  EXPECT_NE(why.out.find("done, in attempt 1"), std::string::npos) << why.out << why.err;
  EXPECT_NE(why.out.find(",memory_peak_bytes,"), std::string::npos) << why.out;
  worker->Signal(SIGTERM);
  EXPECT_EQ(worker->Wait(kPatience), 0);
  EXPECT_EQ(Value("SELECT left_reason FROM worker"), "it left");
  coordinator->Signal(SIGTERM);
  EXPECT_EQ(coordinator->Wait(kPatience), 0) << coordinator->Output();
}

TEST_F(ClusterTest, IsNotWatchedForEverWhereATrainingFailed) {
  TrainersBehave("fail");
  const auto coordinator = StartCoordinator();
  const auto worker = StartWorker();
  ASSERT_TRUE(WaitUntil([&] { return Value("SELECT failed FROM v_progress") == "4"; }, kPatience))
      << coordinator->Output() << worker->Output();
  EXPECT_EQ(Ask({"watch"}).exit_code, 3);
}

TEST_F(ClusterTest, TellsWhoMayNotOrCannotBeReached) {
  EXPECT_EQ(Ask({"status"}).exit_code, 4) << "no access file";
  auto coordinator = StartCoordinator();
  const std::string worker = AccessFile(Shared(), Role::kWorker).string();
  EXPECT_EQ(RunArchsweep({"status", "--connect", worker}).exit_code, 5);
  EXPECT_EQ(Ask({"query", "DELETE FROM sweep"}).exit_code, 2);
  EXPECT_EQ(
      RunArchsweep({"worker", "--access", AccessFile(Shared(), Role::kUser).string()}).exit_code,
      5);
  coordinator->Signal(SIGINT);
  EXPECT_EQ(coordinator->Wait(kPatience), 0);
  EXPECT_EQ(Ask({"status"}).exit_code, 4) << "nobody listens";
}

TEST_F(ClusterTest, LosesNothingWithWorkerAndCoordinator) {
  auto coordinator = StartCoordinator();
  ASSERT_TRUE(WaitUntil([&] { return Value("SELECT 1") == "1"; }, kPatience));
  TrainersBehave("steps:40");
  auto worker = StartWorker({"--give-up", "2s"});
  ASSERT_TRUE(WaitUntil(
      [&] { return Value("SELECT count(*) FROM attempt WHERE state = 'running'") == "2"; },
      kPatience));
  coordinator->Signal(SIGKILL);
  coordinator->Wait(kPatience);
  EXPECT_EQ(worker->Wait(kPatience), kGaveUp) << worker->Output();
  TrainersBehave("finish");
  coordinator = StartCoordinator();
  worker = StartWorker();
  ASSERT_TRUE(WaitForResults("4")) << coordinator->Output() << worker->Output();
}

TEST_F(ClusterTest, GoesOnWhileTheCoordinatorIsAway) {
  TrainersBehave("steps:200");
  auto coordinator = StartCoordinator();
  const auto worker = StartWorker();
  ASSERT_TRUE(WaitUntil(
      [&] { return Value("SELECT count(*) FROM attempt WHERE state = 'running'") == "2"; },
      kPatience));
  coordinator->Signal(SIGKILL);
  EXPECT_EQ(coordinator->Wait(kPatience), 128 + SIGKILL);
  EXPECT_FALSE(ChildrenOf(worker->Pid()).empty()) << "the attempts go on";
  coordinator = StartCoordinator();
  ASSERT_TRUE(WaitForResults("4")) << coordinator->Output() << worker->Output();
  EXPECT_EQ(Value("SELECT count(*) FROM attempt"), "8") << "nothing was done twice";
}

TEST_F(ClusterTest, TellsHowLongTheRestWillTake) {
  const auto coordinator = StartCoordinator();
  const auto worker = StartWorker();
  ASSERT_TRUE(WaitForResults("4"));
  TrainersBehave("steps:1000");
  WriteSweep("[0, 1, 2, 3, 4, 5, 6]", "[clean]");
  worker->Signal(SIGTERM);
  EXPECT_EQ(worker->Wait(kPatience), 0);
  const auto slow = StartWorker();
  EXPECT_EQ(Ask({"submit", Sweep()}).exit_code, 0);
  const auto is_told = [&] {
    const std::string status = Ask({"status", "--format", "jsonl"}).out;
    return status.find("\"eta_seconds\":") != std::string::npos &&
           status.find("\"eta_seconds\":null") == std::string::npos;
  };
  EXPECT_TRUE(WaitUntil(is_told, kPatience)) << Ask({"status"}).out;
  slow->Signal(SIGKILL);
}

TEST_F(ClusterTest, TakesWhatAFileChangesAndSaysItBefore) {
  const auto coordinator = StartCoordinator();
  const std::vector<std::string> again = {"submit", Sweep(), "--json"};
  EXPECT_NE(Ask(again).out.find("\"trials\":{\"added\":0,\"kept\":4,\"withdrawn\":0}"),
            std::string::npos);
  WriteSweep("[0, 1, 7]", "[clean]");
  const std::string change = "\"trials\":{\"added\":1,\"kept\":2,\"withdrawn\":2}";
  EXPECT_NE(Ask({"submit", Sweep(), "--json", "--dry-run"}).out.find(change), std::string::npos);
  EXPECT_EQ(Value("SELECT count(*) FROM membership WHERE wanted = 1"), "4");
  EXPECT_NE(Ask(again).out.find(change), std::string::npos);
  EXPECT_EQ(Value("SELECT count(*) FROM membership WHERE wanted = 1"), "3");
  WriteSweep("[0, x]", "[clean]");
  EXPECT_EQ(Ask(again).exit_code, 2);
}

TEST_F(ClusterTest, IsSteered) {
  const auto coordinator = StartCoordinator();
  EXPECT_EQ(Ask({"pause", "test", "--reason", "a test"}).out, "{\"changes\":1}\n");
  EXPECT_EQ(Ask({"pause", "test"}).exit_code, 0);
  EXPECT_EQ(Ask({"pause", "other"}).exit_code, 1);
  const auto worker = StartWorker();
  ASSERT_TRUE(WaitUntil([&] { return Value("SELECT count(*) FROM worker") == "1"; }, kPatience));
  EXPECT_EQ(Value("SELECT count(*) FROM attempt"), "0");
  EXPECT_EQ(Ask({"resume", "test"}).exit_code, 0);
  ASSERT_TRUE(WaitForResults("4")) << coordinator->Output() << worker->Output();
  EXPECT_EQ(Ask({"retry", "test", "--failed"}).out, "{\"changes\":0}\n");
  EXPECT_EQ(Ask({"retry", "test", "--failed", "--reason", "bad_luck"}).exit_code, 2);
  EXPECT_EQ(Ask({"cancel", "test"}).exit_code, 0);
  const std::string id = Value("SELECT id FROM worker");
  EXPECT_EQ(Ask({"drain", id.substr(0, 8)}).exit_code, 0);
  EXPECT_EQ(worker->Wait(kPatience), 0) << worker->Output();
}

TEST_F(ClusterTest, RemovesWhatNothingNeeds) {
  const auto coordinator = StartCoordinator();
  const fs::path logs = fs::path(Shared()) / "logs";
  fs::create_directories(logs);
  for (const char* name : {"7.log", "8.log"}) {
    std::ofstream(logs / name) << "0123456789";
    fs::last_write_time(logs / name, fs::file_time_type::clock::now() - std::chrono::hours(30));
  }
  const std::string rows = "bytes,path\n10,logs/7.log\n10,logs/8.log\n";
  EXPECT_EQ(Ask({"gc", "--dry-run", "--older-than", "2d", "--format", "csv"}).out, "bytes,path\n");
  EXPECT_EQ(Ask({"gc", "--dry-run", "--format", "csv"}).out, rows);
  const CommandResult removed = Ask({"gc", "--format", "csv"});
  EXPECT_EQ(removed.out, rows);
  EXPECT_NE(removed.err.find("2 leftovers of 20 bytes removed"), std::string::npos) << removed.err;
  EXPECT_FALSE(fs::exists(logs / "7.log"));
  const std::string reader = AccessFile(Shared(), Role::kReadOnly).string();
  EXPECT_EQ(RunArchsweep({"gc", "--connect", reader}).exit_code, 5);
}

TEST_F(ClusterTest, RefusesASecondCoordinator) {
  const auto first = StartCoordinator();
  const CommandResult second = RunArchsweep(CoordinatorArguments());
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_NE(second.err.find(Format("process {}", first->Pid())), std::string::npos) << second.err;
}

// The first one hangs and comes back, with a worker that goes on meanwhile.
TEST_F(ClusterTest, TakesOverFromACoordinatorThatHangs) {
  TrainersBehave("steps:50");
  const auto first = StartCoordinator();
  const auto worker = StartWorker();
  ASSERT_TRUE(WaitUntil(
      [&] { return Value("SELECT count(*) FROM attempt WHERE state = 'running'") == "2"; },
      kPatience));
  first->Signal(SIGSTOP);
  const auto second = StartCoordinator({"--takeover"});
  first->Signal(SIGCONT);
  EXPECT_EQ(first->Wait(kPatience), 4);
  EXPECT_NE(first->Output().find("take"), std::string::npos) << first->Output();
  EXPECT_NE(first->Output().find("must end"), std::string::npos) << first->Output();
  const CommandResult third = RunArchsweep(CoordinatorArguments());
  EXPECT_NE(third.err.find(Format("process {}", second->Pid())), std::string::npos) << third.err;
  ASSERT_TRUE(WaitForResults("4")) << second->Output() << worker->Output();
  EXPECT_EQ(Value("SELECT count(*) FROM attempt"), "8") << "nothing was done twice";
}

// What was sent to it while it hung must not be written once it goes on.
TEST_F(ClusterTest, RefusesWhatACoordinatorGotBeforeItWasTakenOver) {
  const auto first = StartCoordinator();
  first->Signal(SIGSTOP);
  const fs::path old = folder_.Path() / "old.json";
  fs::copy_file(AccessFile(Shared(), Role::kUser), old);
  const auto pause = Beside({"pause", "test", "--connect", old}, "pause");
  const auto second = StartCoordinator({"--takeover"});
  first->Signal(SIGCONT);
  EXPECT_EQ(first->Wait(kPatience), 4) << first->Output();
  EXPECT_EQ(pause->Wait(kPatience), 4) << pause->Output();
  EXPECT_EQ(Value("SELECT state FROM sweep"), "active");
}

TEST_F(ClusterTest, KeepsSecretsOutOfItsWordsAndArguments) {
  const auto coordinator = StartCoordinator();
  const auto worker = StartWorker();
  ASSERT_TRUE(WaitForResults("4"));
  const std::string said = coordinator->Output() + worker->Output();
  for (const Role role : kRoles) {
    const std::string token = ReadAccess(AccessFile(Shared(), role)).value().token;
    EXPECT_EQ(said.find(token), std::string::npos);
    for (const pid_t process : {coordinator->Pid(), worker->Pid()}) {
      for (const char* file : {"cmdline", "environ"}) {
        const std::string text =
            ReadFile(Format("/proc/{}/{}", process, file), size_t{1} << 20).value();
        EXPECT_EQ(text.find(token), std::string::npos) << file;
      }
    }
  }
}

}  // namespace
}  // namespace archsweep
