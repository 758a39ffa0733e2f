#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "archsweep_version.h"
#include "base/text.h"
#include "cli/commands.h"

namespace archsweep {
namespace {

constexpr const char* kDescription =
    "Architecture scaling sweeps for adversarial robustness: expands a sweep file into networks, "
    "trains and attacks them, and keeps every result in one SQLite file.";

constexpr const char* kExamples = R"(Examples:
  archsweep plan depth-grid                    what a sweep contains; nothing runs
  archsweep run examples/quickstart.yaml       run it; the same command resumes it
  archsweep evaluate net.safetensors --attacks autoattack
  archsweep results                            the table, best robust accuracy first
  archsweep query "select * from v_result"     SQL on the results
  archsweep describe wrn-28-10                 one network, layer by layer
  archsweep scale --macs 20G                   the network for a budget, by RobustScaling
  archsweep backup --to monday.db              copy the database, also while it is written
  archsweep data download cifar10              fetch, check and unpack a data set

Data go to stdout, messages to stderr. Exit codes: 0 ok, 1 failed, 2 usage,
3 the sweep ended with failed tasks, 4 the coordinator cannot be reached, 5 not authorised,
130 interrupted.)";

// What a result of this program was made by.
std::string VersionText() {
  return Format("archsweep {} (git {}, {}, {})\nwith {}", kVersion, kGitId, kCompiler, kBuildType,
                kLibraries);
}

ExitCode Main(int argc, char** argv) {
  CLI::App app(kDescription, "archsweep");
  app.footer(kExamples);
  app.set_version_flag("--version", VersionText());
  app.require_subcommand(1);
  ExitCode exit_code = ExitCode::kOk;
  AddRunCommand(app, exit_code);
  AddEvaluateCommand(app, exit_code);
  AddCoordinatorCommand(app, exit_code);
  AddWorkerCommand(app, exit_code);
  AddStatusCommand(app, exit_code);
  AddWatchCommand(app, exit_code);
  AddWorkersCommand(app, exit_code);
  AddWhyCommand(app, exit_code);
  AddLogsCommand(app, exit_code);
  AddSubmitCommand(app, exit_code);
  AddSteerCommands(app, exit_code);
  AddPlanCommand(app, exit_code);
  AddDescribeCommand(app, exit_code);
  AddScaleCommand(app, exit_code);
  AddSchemaCommand(app, exit_code);
  AddResultsCommand(app, exit_code);
  AddQueryCommand(app, exit_code);
  AddExportCommand(app, exit_code);
  AddCheckCommand(app, exit_code);
  AddGcCommand(app, exit_code);
  AddBackupCommand(app, exit_code);
  AddDataCommand(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version come this way too, with code 0.
    return app.exit(error) == 0 ? ExitCode::kOk : ExitCode::kUsage;
  }
  return exit_code;
}

}  // namespace
}  // namespace archsweep

int main(int argc, char** argv) { return static_cast<int>(archsweep::Main(argc, argv)); }
