#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "base/text.h"
#include "proto/access/access.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/background_command.h"
#include "tests/cli/command.h"
#include "tests/cli/slurm/slurm_cluster.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStartPatience(60);
// A requeued job waits for two minutes before it begins again.
constexpr std::chrono::minutes kSweepPatience(12);
constexpr const char* kScripts = ARCHSWEEP_SOURCE_DIR "/deploy/slurm/";

// Sweeps by the commands of docs/slurm.md, with scripted trainers.
class SlurmTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = SlurmCluster::Obstacle()) GTEST_SKIP() << *obstacle;
    setenv("ARCHSWEEP", (std::string(ARCHSWEEP_PROGRAM_DIR) + "/archsweep").c_str(), 1);
    cluster_ = std::make_unique<SlurmCluster>(folder_.Path() / "slurm");
  }
  void TearDown() override {
    cluster_.reset();
    unsetenv("ARCHSWEEP");
    unsetenv("ARCHSWEEP_FAKE_MODE");
  }

  // Each task takes so many steps of 20 ms.
  void WriteSweep(int trials, int steps) const {
    setenv("ARCHSWEEP_FAKE_MODE", Format("steps:{}", steps).c_str(), 1);
    std::ofstream(Sweep()) << "name: slurm\n"
                              "base:\n"
                              "  dataset: cifar10-quickstart\n"
                              "  architecture: { block: basic, depth: 1, width: 1 }\n"
                              "  training: { recipe: bat, epochs: 1, batch_size: 64 }\n"
                              "seeds: "
                           << trials << "\nevaluations: [clean]\nresources: { gpus: 1 }\n";
  }

  std::unique_ptr<BackgroundCommand> StartCoordinator() {
    fs::create_directories(Shared());
    const fs::path access = AccessFile(Shared(), Role::kUser);
    fs::remove(access);
    auto coordinator = std::make_unique<BackgroundCommand>(
        std::vector<std::string>{std::string(ARCHSWEEP_PROGRAM_DIR) + "/archsweep", "coordinator",
                                 "--state", (folder_.Path() / "state").string(), "--shared",
                                 Shared()},
        folder_.Path() / Format("coordinator-{}", ++coordinators_));
    EXPECT_TRUE(WaitUntil([&] { return fs::exists(access); }, kStartPatience))
        << coordinator->Output();
    return coordinator;
  }

  // sbatch with a script of deploy/slurm.
  std::string Submit(const std::string& script, std::vector<std::string> options,
                     const std::vector<std::string>& arguments) const {
    options.insert(options.end(), {"--gpus-per-node=2", kScripts + script, Shared()});
    options.insert(options.end(), arguments.begin(), arguments.end());
    options.insert(options.end(),
                   {"--trainer", Fake(), "--data-root", ARCHSWEEP_SOURCE_DIR "/examples/data"});
    return cluster_->Submit(options);
  }

  CommandResult Ask(std::vector<std::string> arguments) const {
    return AskCoordinator(Shared(), std::move(arguments));
  }
  std::string Value(const std::string& sql) const { return QueryCoordinator(Shared(), sql); }
  int Count(const std::string& what) const {
    const std::string value = Value("SELECT count(*) FROM " + what);
    return value.empty() ? -1 : std::stoi(value);
  }
  // What scontrol says of a job under a key.
  std::string Told(const std::string& job, const std::string& key) const {
    const std::string text = cluster_->Run({"scontrol", "show", "job", job}).out;
    const size_t begin = text.find(key + "=");
    if (begin == std::string::npos) return "";
    const size_t value = begin + key.size() + 1;
    return text.substr(value, text.find_first_of(" \n", value) - value);
  }

  std::string Sweep() const { return (folder_.Path() / "sweep.yaml").string(); }
  std::string Shared() const { return (folder_.Path() / "shared").string(); }
  static std::string Fake() {
    return std::string(ARCHSWEEP_PROGRAM_DIR) + "/archsweep-fake-trainer";
  }

  const TemporaryFolder folder_;
  std::unique_ptr<SlurmCluster> cluster_;
  int coordinators_ = 0;
};

// Forty networks, while a node loses its power, a job is pre-empted, another reaches its time limit
// and the coordinator is killed.
TEST_F(SlurmTest, BringsEverySweepToItsEnd) {
  WriteSweep(40, 250);
  auto coordinator = StartCoordinator();
  const CommandResult submitted = Ask({"submit", Sweep()});
  ASSERT_EQ(submitted.exit_code, 0) << submitted.err;
  const std::string broken = Submit("worker.sbatch", {"--nodes=2", "--nodelist=n1,n2"}, {});
  const std::string limited =
      Submit("worker.sbatch", {"--nodelist=n3", "--time=4", "--signal=USR1@30"}, {});
  const std::string preempted = Submit("worker.sbatch", {"--nodelist=n4"}, {});
  ASSERT_TRUE(WaitUntil([&] { return Count("training") >= 4; }, kStartPatience))
      << coordinator->Output();

  cluster_->KillNode(1);
  coordinator->Signal(SIGKILL);
  coordinator = StartCoordinator();
  const std::string urgent = cluster_->Submit(
      {"--partition=high", "--nodelist=n4", "--exclusive", "--output=/dev/null", "--wrap=true"});
  ASSERT_TRUE(WaitUntil([&] { return Told(urgent, "JobState") == "COMPLETED"; }, kSweepPatience));
  // Slurm has to notice first, or the job counts as failed and is not begun again.
  ASSERT_TRUE(WaitUntil([&] { return cluster_->IsDown(1); }, kSweepPatience));
  cluster_->StartNode(1);
  ASSERT_TRUE(WaitUntil([&] { return Told(limited, "JobState") == "COMPLETED"; }, kSweepPatience))
      << "its workers leave before the limit";
  Submit("worker.sbatch", {"--nodelist=n3"}, {});

  ASSERT_TRUE(WaitUntil([&] { return Count("result") == 40; }, kSweepPatience))
      << Ask({"status"}).out << Ask({"workers", "--all"}).out;
  EXPECT_EQ(Count("training"), 40);
  EXPECT_EQ(Count("attempt WHERE state = 'succeeded'"), 80) << "each task is done once";
  EXPECT_EQ(Count("task WHERE state = 'failed'"), 0);
  EXPECT_NE(Told(broken, "Restarts"), "0");
  EXPECT_NE(Told(preempted, "Restarts"), "0");
  EXPECT_EQ(Ask({"watch", "slurm"}).exit_code, 0);
}

// The second allocation goes on where the first one ended.
TEST_F(SlurmTest, GoesOnInTheNextAllocation) {
  WriteSweep(8, 100);
  const auto allocation = [&](const std::string& more) {
    return Submit("allocation.sbatch", {"--nodes=2", more}, {Sweep()});
  };
  const std::string first = allocation("--time=10");
  const fs::path kept = fs::path(Shared()) / "archsweep.db";
  ASSERT_TRUE(WaitUntil([&] { return Count("training") >= 2; }, kStartPatience));
  EXPECT_EQ(cluster_->Run({"scancel", "--batch", "--signal=USR1", first}).exit_code, 0);
  ASSERT_TRUE(WaitUntil(
      [&] {
        return Told(first, "EndTime") != "" && fs::exists(kept) &&
               Told(first, "JobState") != "RUNNING" && Told(first, "JobState") != "COMPLETING";
      },
      kStartPatience));
  const std::string second = allocation("--time=11");
  ASSERT_TRUE(WaitUntil([&] { return Told(second, "JobState") == "COMPLETED"; }, kSweepPatience));
  const fs::path state = folder_.Path() / "kept";
  fs::create_directories(state);
  fs::copy_file(kept, state / "archsweep.db");
  const CommandResult found = RunArchsweep(
      {"query",
       "SELECT count(*), (SELECT count(*) FROM attempt WHERE state = 'succeeded') FROM "
       "result",
       "--state", state.string(), "--format", "csv"});
  EXPECT_EQ(Split(found.out, '\n').at(1), "8,16") << found.err;
}

}  // namespace
}  // namespace archsweep
