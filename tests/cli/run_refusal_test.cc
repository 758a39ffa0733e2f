#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/cli/run_fixture.h"

// Whatever a person gets wrong: one clear error that names the thing and the remedy, an exit code
// that is not zero, and nothing lost.

namespace archsweep {
namespace {

using std::chrono::seconds;
namespace fs = std::filesystem;

class RunRefusalTest : public RunTest {
 protected:
  void ExpectRefusal(const std::vector<std::string>& arguments, int exit_code,
                     const std::vector<std::string>& parts) const {
    const CommandResult result = RunArchsweep(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_EQ(result.out, "");
    for (const std::string& part : parts) {
      EXPECT_NE(result.err.find(part), std::string::npos) << part << " is not in\n" << result.err;
    }
  }
  // A copy of the shipped data, to be spoilt.
  fs::path CopyOfData() const {
    const fs::path copy = folder_.Path() / "data";
    fs::copy(fs::path(ARCHSWEEP_SOURCE_DIR) / "examples/data", copy, fs::copy_options::recursive);
    return copy / "cifar10-quickstart";
  }
  std::vector<std::string> ArgumentsWithData(const fs::path& root) const {
    std::vector<std::string> arguments = RunArguments();
    arguments[5] = root.string();
    return arguments;
  }
};

TEST_F(RunRefusalTest, OfAMisspeltKey) {
  WriteSweep("[0]", "[clean]", "resuorces: { gpus: 0 }\n");
  ExpectRefusal(RunArguments(), 2, {"sweep.yaml:10:1", "resuorces", "resources"});
}

TEST_F(RunRefusalTest, OfANetworkThatNoMachineHolds) {
  std::ofstream(Sweep()) << "name: test\n"
                            "base:\n"
                            "  dataset: cifar10-quickstart\n"
                            "  architecture: { block: basic, depth: 90, width: 160 }\n"
                            "  training: { recipe: bat, epochs: 1, batch_size: 960 }\n"
                            "evaluations: [clean]\nresources: { gpus: 0 }\n";
  ExpectRefusal(RunArguments(), 2, {"1 of 1 networks", "memory", "batch_size"});
}

TEST_F(RunRefusalTest, OfAMissingDataFolder) {
  ExpectRefusal(ArgumentsWithData(folder_.Path() / "nowhere"), 1, {"nowhere", "--data-root"});
}

TEST_F(RunRefusalTest, OfATruncatedRecordFile) {
  const fs::path data = CopyOfData();
  fs::resize_file(data / "test_batch.bin", 3073 * 100 + 17);
  ExpectRefusal(ArgumentsWithData(data.parent_path()), 1, {"test_batch.bin", "3073"});
}

TEST_F(RunRefusalTest, OfOtherDataUnderTheSameName) {
  const fs::path data = CopyOfData();
  fs::resize_file(data / "test_batch.bin", 3073 * 100);
  ExpectRefusal(ArgumentsWithData(data.parent_path()), 2, {"cifar10-quickstart", "digest"});
}

TEST_F(RunRefusalTest, OfAMissingTrainer) {
  std::vector<std::string> arguments = RunArguments();
  arguments.back() = "/nowhere/archsweep-trainer";
  ExpectRefusal(arguments, 1, {"/nowhere/archsweep-trainer", "--trainer"});
}

TEST_F(RunRefusalTest, OfAGpuThatIsNotThere) {
  if (fs::exists("/dev/nvidia0")) GTEST_SKIP() << "this machine has a GPU";
  ExpectRefusal({"run", "depth-grid", "--state", State()}, 2, {"depth-grid", "GPU", "gpus: 0"});
}

TEST_F(RunRefusalTest, OfASecondRunOnTheSameState) {
  TrainersBehave("steps:1000");
  const auto first = RunBeside();
  ASSERT_TRUE(WaitUntil([&] { return ChildrenOf(first->Pid()).size() == 2; }, seconds(10)));
  ExpectRefusal(RunArguments(), 1, {State(), Format("process {}", first->Pid())});
  EXPECT_FALSE(first->Wait(seconds(0))) << "the first run was disturbed";
}

TEST_F(RunRefusalTest, OfAStateFolderOfANewerVersion) {
  ASSERT_EQ(Run().exit_code, 0);
  // The schema's number lies at byte 60 of the file, big-endian.
  std::fstream file(fs::path(State()) / "archsweep.db",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(62);
  file.write("\x01", 1);
  file.close();
  ExpectRefusal(RunArguments(), 2, {"archsweep.db", "newer"});
  const CommandResult results = RunArchsweep({"results", "--state", State()});
  EXPECT_EQ(results.exit_code, 2) << results.err;
}

TEST_F(RunRefusalTest, OfAStateFolderThatIsNoDatabase) {
  fs::create_directories(State());
  std::ofstream(fs::path(State()) / "archsweep.db") << std::string(5'000, 'x');
  ExpectRefusal(RunArguments(), 1, {"archsweep.db"});
  EXPECT_EQ(fs::file_size(fs::path(State()) / "archsweep.db"), 5'000u);
}

}  // namespace
}  // namespace archsweep
