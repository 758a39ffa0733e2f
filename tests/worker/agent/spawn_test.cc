#include "worker/agent/spawn.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "tests/worker/agent/fixture.h"
#include "worker/agent/process_table.h"

namespace archsweep {
namespace {

using Texts = std::vector<std::string>;
using Slots = std::vector<int>;

TEST(Placement, GivesACpuSlotOneCpu) {
  const HostResources host{.cpu_slots = 3, .gpu_slots = 2, .cpus = {4, 6}, .gpus = {}};
  const auto cpu_of = [&](int slot) { return PlaceOn(std::vector<int>{slot}, host)->cpus; };
  EXPECT_EQ(cpu_of(0), std::vector<int>{4});
  EXPECT_EQ(cpu_of(1), std::vector<int>{6});
  EXPECT_EQ(cpu_of(2), std::vector<int>{4});
  EXPECT_EQ(*PlaceOn(std::vector<int>{0}, host), (Placement{"cpu", 1, {4}, ""}));
}

TEST(Placement, DealsOutSpareCpusEvenly) {
  const HostResources host{.cpu_slots = 2, .cpus = {1, 2, 4, 6, 7}, .mpirun = "/bin/mpirun"};
  EXPECT_EQ(*PlaceOn(Slots{1}, host), (Placement{"cpu", 2, {4, 6}, ""}));
  EXPECT_EQ(*PlaceOn(Slots{1, 0}, host), (Placement{"cpu", 2, {4, 6, 1, 2}, "", 2}));
}

TEST(Placement, GivesAGpuSlotOneOfTheVisibleGpus) {
  HostResources host{.cpu_slots = 1, .gpu_slots = 2, .cpus = {0}, .gpus = {}};
  EXPECT_EQ(*PlaceOn(std::vector<int>{2}, host), (Placement{"cuda", 1, {}, "1"}));
  host.gpus = VisibleGpus(Texts{"A=1", "CUDA_VISIBLE_DEVICES=GPU-a,GPU-b"});
  EXPECT_EQ(*PlaceOn(std::vector<int>{2}, host), (Placement{"cuda", 1, {}, "GPU-b"}));
  host.gpus = {"GPU-a"};
  EXPECT_FALSE(PlaceOn(std::vector<int>{2}, host));
}

TEST(Placement, RefusesSlotsThatTheWorkerDoesNotHave) {
  const HostResources host{.cpu_slots = 1, .gpu_slots = 1, .cpus = {0}, .gpus = {}};
  EXPECT_FALSE(PlaceOn(std::vector<int>{2}, host));
  EXPECT_FALSE(PlaceOn({}, host));
}

TEST(Placement, GivesEveryRankASlotOfOneKind) {
  HostResources host{.cpu_slots = 2, .gpu_slots = 2, .cpus = {4, 6}, .gpus = {"A", "B"}};
  const auto place = [&](Slots slots) { return PlaceOn(slots, host); };
  ASSERT_FALSE(place({0, 1}));
  EXPECT_NE(place({0, 1}).error().message.find("no mpirun"), std::string::npos);
  host.mpirun = "/usr/bin/mpirun";
  EXPECT_EQ(*place({1, 0}), (Placement{"cpu", 1, {6, 4}, "", 2}));
  EXPECT_EQ(*place({3, 2}), (Placement{"cuda", 1, {}, "B,A", 2}));
  EXPECT_FALSE(place({1, 2})) << "a CPU and a GPU";
  EXPECT_FALSE(place({1, 1}));
}

TEST(LaunchPlan, ReplacesOnlyWhatTheAttemptChanges) {
  const Texts inherited = {"PATH=/bin", "CUDA_VISIBLE_DEVICES=0,1", "ARCHSWEEP_ATTEMPT=/old",
                           "CUDA_VISIBLE_DEVICES_NOTE=x"};
  const LaunchPlan plan =
      PlanLaunch("/bin/trainer", "", "/w/attempts/7", {"cuda", 1, {}, "1"}, inherited);
  EXPECT_EQ(plan.arguments, (Texts{"/bin/trainer", "/w/attempts/7/job.json"}));
  EXPECT_EQ(plan.environment, (Texts{"PATH=/bin", "CUDA_VISIBLE_DEVICES_NOTE=x",
                                     "CUDA_VISIBLE_DEVICES=1", "ARCHSWEEP_ATTEMPT=/w/attempts/7"}));
}

TEST(LaunchPlan, StartsRanksByMpirunAndHidesTheirSignalsFromIt) {
  const LaunchPlan plan =
      PlanLaunch("/bin/trainer", "/bin/mpirun", "/w/attempts/7", {"cpu", 1, {0, 1}, "", 2}, {});
  EXPECT_EQ(plan.arguments.front(), "/bin/mpirun");
  const auto program = std::ranges::find(plan.arguments, "/bin/trainer");
  EXPECT_EQ(Texts(program, plan.arguments.end()),
            (Texts{"/bin/trainer", "/w/attempts/7/job.json"}));
  EXPECT_NE(std::ranges::find(plan.arguments, "localhost:2"), program);
  EXPECT_NE(std::ranges::find(plan.environment, "ARCHSWEEP_ATTEMPT=/w/attempts/7"),
            plan.environment.end());
  EXPECT_EQ(plan.blocked_signals, (std::vector<int>{SIGTERM, SIGUSR1, SIGUSR2}));
}

class Spawning : public testing::Test {
 protected:
  // Runs a shell script to its end; its output.
  std::string Run(const std::string& script) {
    const auto process = Spawn({{"/bin/sh", "-c", script}, {"GREETING=hello"}}, log_);
    if (!process) return process.error().message;
    EXPECT_EQ(waitpid(process->pid, &status_, 0), process->pid);
    return ReadFile(log_, 1 << 20).value_or("");
  }

  TemporaryFolder folder_;
  const std::filesystem::path log_ = folder_.Path() / "log";
  int status_ = 0;
};

TEST_F(Spawning, StartsAProgramInASessionOfItsOwn) {
  const auto process = Spawn({{"/bin/sleep", "60"}, {}}, log_);
  ASSERT_TRUE(process);
  EXPECT_EQ(getsid(process->pid), process->pid);
  EXPECT_TRUE(SessionMembers(process->pid).empty());
  EXPECT_FALSE(HasEnded(process->pid));
  EXPECT_EQ(kill(process->pid, SIGKILL), 0);
  EXPECT_TRUE(WaitUntil([&] { return HasEnded(process->pid); }));
  EXPECT_EQ(waitpid(process->pid, nullptr, 0), process->pid);
  EXPECT_TRUE(HasEnded(process->pid));
}

TEST_F(Spawning, GivesOutputToTheLogAndNothingElse) {
  // Not close-on-exec: exactly what must not reach the child.
  const int leaked = open("/dev/null", O_RDONLY);
  ASSERT_GE(leaked, 3);
  EXPECT_EQ(Run("echo $GREETING; echo error >&2; read x || echo eof; ls /proc/self/fd | wc -l"),
            "hello\nerror\neof\n4\n")
      << "0, 1, 2 and the folder that ls reads";
  close(leaked);
}

TEST_F(Spawning, AppendsToTheLog) {
  Run("echo one");
  EXPECT_EQ(Run("echo two"), "one\ntwo\n");
}

TEST_F(Spawning, StartsWithEverySignalUnblocked) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGUSR1);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
  const std::string blocked_text = Run("exec grep SigBlk: /proc/self/status");
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  EXPECT_EQ(blocked_text, "SigBlk:\t0000000000000000\n");
}

TEST_F(Spawning, TellsThatAProgramIsMissingOrIsNone) {
  const auto missing = Spawn({{"/nowhere/trainer"}, {}}, log_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(missing.error().message,
            "/nowhere/trainer: cannot be started: No such file or directory");
  const auto folder = Spawn({{folder_.Path().string()}, {}}, log_);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().kind, ErrorKind::kDenied);
}

TEST_F(Spawning, TakesAboutAMillisecond) {
  constexpr int kSpawns = 50;
  const int64_t begin_ms = NowMs();
  for (int i = 0; i < kSpawns; ++i) {
    const auto process = Spawn({{"/bin/true"}, {}}, log_);
    ASSERT_TRUE(process);
    ASSERT_EQ(waitpid(process->pid, nullptr, 0), process->pid);
  }
  const double each_ms = static_cast<double>(NowMs() - begin_ms) / kSpawns;
  RecordProperty("spawn_and_exit_ms", Format("{:.2f}", each_ms));
  EXPECT_LT(each_ms, 50);
}

}  // namespace
}  // namespace archsweep
