#include "worker/agent/work_folder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/text.h"
#include "tests/worker/agent/fixture.h"
#include "worker/agent/attempt_process.h"
#include "worker/agent/process_table.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

class WorkFolders : public testing::Test {
 protected:
  WorkFolder MustOpen() const {
    auto work = WorkFolder::Open(path_);
    EXPECT_TRUE(work) << work.error().message;
    return *std::move(work);
  }

  TemporaryFolder folder_;
  const fs::path path_ = folder_.Path() / "work";
};

TEST_F(WorkFolders, BelongToOneAgentAtATime) {
  const WorkFolder work = MustOpen();
  const auto other = WorkFolder::Open(path_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kBusy);
  EXPECT_NE(other.error().message.find(Format("{}", getpid())), std::string::npos);
}

TEST_F(WorkFolders, RememberLivesUntilTheyAreAcknowledgedAsDead) {
  const WorkerId first = MustOpen().Worker();
  const WorkerId second = MustOpen().Worker();
  EXPECT_NE(first, second);
  {
    WorkFolder work = MustOpen();
    EXPECT_EQ(work.DeadLives(), (std::vector<WorkerId>{first, second}));
    ASSERT_TRUE(work.ForgetDeadLives());
    EXPECT_TRUE(work.DeadLives().empty());
    const WorkerId third = work.Worker();
    ASSERT_TRUE(work.BeginNewLife());
    EXPECT_NE(work.Worker(), third);
    EXPECT_EQ(work.DeadLives(), std::vector<WorkerId>{third});
    ASSERT_TRUE(work.ForgetDeadLives());
  }
  EXPECT_EQ(MustOpen().DeadLives().size(), 1u);
}

TEST_F(WorkFolders, RememberOnlySoManyLives) {
  WorkFolder work = MustOpen();
  for (size_t i = 0; i < kDeadLivesMax + 20; ++i) ASSERT_TRUE(work.BeginNewLife());
  EXPECT_EQ(work.DeadLives().size(), kDeadLivesMax);
}

TEST_F(WorkFolders, AreUsableAfterTheirRecordWasDamaged) {
  MustOpen();
  for (const char* damage : {"", "{\"lives\": [7]}", "{\"lives\": [\"xyz\"]}", "[]"}) {
    std::ofstream(path_ / "lives.json") << damage;
    EXPECT_TRUE(MustOpen().DeadLives().empty()) << damage;
  }
}

TEST_F(WorkFolders, KeepTheNewestAttempts) {
  const WorkFolder work = MustOpen();
  const int64_t count = static_cast<int64_t>(kAttemptFoldersKept) + 10;
  for (int64_t token = 1; token <= count; ++token) {
    fs::create_directories(work.AttemptFolder(Token{token}) / "deeper");
  }
  fs::create_directories(path_ / "attempts" / "not-a-token");
  work.RemoveOldAttempts({Token{2}, Token{999}});
  EXPECT_FALSE(fs::exists(work.AttemptFolder(Token{1})));
  EXPECT_TRUE(fs::exists(work.AttemptFolder(Token{2})));
  EXPECT_FALSE(fs::exists(work.AttemptFolder(Token{10})));
  EXPECT_TRUE(fs::exists(work.AttemptFolder(Token{11})));
  EXPECT_TRUE(fs::exists(path_ / "attempts" / "not-a-token"));
}

// What a killed agent leaves: a trainer that heeds no lifeline, with a child, and its id.
class KilledAgent {
 public:
  KilledAgent(const fs::path& path, FakeMode mode) {
    int report[2];
    EXPECT_EQ(pipe(report), 0);
    const pid_t agent = fork();
    if (agent == 0) Live(path, mode, report[1]);
    close(report[1]);
    EXPECT_EQ(read(report[0], worker.bytes.data(), worker.bytes.size()), 16);
    close(report[0]);
    EXPECT_TRUE(WaitUntil([&] { return ProcessesOf(path / "attempts").size() == 1; }));
    EXPECT_EQ(kill(agent, SIGKILL), 0);
    EXPECT_EQ(waitpid(agent, nullptr, 0), agent);
  }

  WorkerId worker;

 private:
  [[noreturn]] static void Live(const fs::path& path, FakeMode mode, int report) {
    const auto work = WorkFolder::Open(path);
    const fs::path folder = work->AttemptFolder(Token{1});
    Job job;
    job.token = Token{1};
    job.trial = FakeTrial(mode);
    job.checkpoint_folder = path / "checkpoints";
    AttemptSpares spares;
    const auto attempt =
        AttemptProcess::Start(AttemptFolder::Prepare(folder, path / "log", spares, job),
                              PlanLaunch(kFakeTrainer, "", folder, {}, OwnEnvironment()), NowMs());
    const auto& bytes = work->Worker().bytes;
    const bool told = attempt && write(report, bytes.data(), bytes.size()) == 16;
    while (told) pause();
    _exit(1);
  }
};

TEST_F(WorkFolders, AreTakenOverFromAnAgentThatWasKilled) {
  const KilledAgent killed(path_, FakeMode::kStubborn);
  ASSERT_EQ(ProcessesOf(path_ / "attempts").size(), 1u) << "the stubborn trainer lives on";
  const WorkFolder work = MustOpen();
  EXPECT_TRUE(ProcessesOf(path_ / "attempts").empty());
  EXPECT_EQ(work.DeadLives(), std::vector<WorkerId>{killed.worker});
}

TEST_F(WorkFolders, LeaveProcessesOfOtherFoldersAlone) {
  const fs::path other = folder_.Path() / "work-2";
  const KilledAgent killed(other, FakeMode::kStubborn);
  MustOpen();
  EXPECT_EQ(ProcessesOf(other / "attempts").size(), 1u);
  EXPECT_TRUE(WorkFolder::Open(other));
  EXPECT_TRUE(ProcessesOf(other / "attempts").empty());
}

}  // namespace
}  // namespace archsweep
