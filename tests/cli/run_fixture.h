#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/background_command.h"
#include "tests/cli/command.h"

namespace archsweep {

// A folder with a sweep file, in which `archsweep run` works with the fake trainer.
class RunTest : public testing::Test {
 protected:
  RunTest() { WriteSweep("[0, 1, 2, 3]", "[clean]"); }
  ~RunTest() override { unsetenv("ARCHSWEEP_FAKE_MODE"); }

  // How fake trainers of the next runs behave: tests/fake_trainer/mode.h.
  static void TrainersBehave(const std::string& mode) {
    setenv("ARCHSWEEP_FAKE_MODE", mode.c_str(), 1);
  }

  void WriteSweep(const std::string& seeds, const std::string& evaluations,
                  const std::string& more = "", int ranks = 1) {
    std::ofstream(Sweep())
        << "name: test\n"
           "base:\n"
           "  dataset: cifar10-quickstart\n"
           "  architecture: { block: basic, depth: 1, width: 1 }\n"
           "  training: { recipe: bat, epochs: 1, batch_size: 64, batch_norm_group: 32 }\n"
        << "grid:\n  seed: " << seeds << "\nevaluations: " << evaluations
        << "\nresources: { gpus: 0, ranks: " << ranks << " }\n"
        << more;
  }

  std::vector<std::string> RunArguments() const {
    return {"run",         Sweep(),
            "--state",     State(),
            "--data-root", std::string(ARCHSWEEP_SOURCE_DIR) + "/examples/data",
            "--slots",     "2",
            "--trainer",   std::string(ARCHSWEEP_PROGRAM_DIR) + "/archsweep-fake-trainer"};
  }
  CommandResult Run() const { return RunArchsweep(RunArguments()); }
  std::unique_ptr<BackgroundCommand> RunBeside() const {
    std::vector<std::string> command = RunArguments();
    command.insert(command.begin(), std::string(ARCHSWEEP_PROGRAM_DIR) + "/archsweep");
    return std::make_unique<BackgroundCommand>(command, folder_.Path() / "output");
  }

  // The first value that a query gives; "" where there is no database yet.
  std::string Query(const std::string& sql) const {
    const CommandResult result =
        RunArchsweep({"query", sql, "--state", State(), "--format", "csv"});
    const std::vector<std::string> lines = Split(result.out, '\n');
    return result.exit_code == 0 && lines.size() > 1 ? lines[1] : "";
  }
  void ExpectWhole() const {
    const CommandResult check = RunArchsweep({"check", "--state", State()});
    EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
  }

  std::string Sweep() const { return (folder_.Path() / "sweep.yaml").string(); }
  std::string State() const { return (folder_.Path() / "state").string(); }

  TemporaryFolder folder_;
};

}  // namespace archsweep
