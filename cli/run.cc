#include <iostream>
#include <memory>
#include <string>
#include <system_error>

#include "cli/commands.h"
#include "cli/host.h"
#include "cli/results.h"
#include "cli/run_sweep.h"
#include "sweep/attempt/exchange.h"
#include "sweep/language/load.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

struct RunFlags {
  std::string sweep;
  std::string state = kDefaultStateFolder;
  std::string data_root;
  std::string trainer;
  int slots = 0;
  double checkpoint_seconds = 10;
};

constexpr const char* kExamples = R"(Examples:
  archsweep run examples/quickstart.yaml
  archsweep run depth-grid --state /scratch/depth --data-root /data
The same command resumes what was interrupted, and runs only what an edited file adds.)";

// Trainers get it as it is and run elsewhere, so it must not depend on the folder of this process.
Result<fs::path> Absolute(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (!error) return absolute.lexically_normal();
  return Fail(ErrorKind::kInvalidInput, path + ": " + error.message());
}

// Beside the sweep file, so that a sweep and its data can travel together.
fs::path DefaultDataRoot(const std::string& sweep) {
  return (fs::exists(sweep) ? fs::path(sweep).parent_path() : fs::path()) / "data";
}

Result<RunOptions> OptionsOf(const RunFlags& flags) {
  RunOptions options{.gpu_slots = GpuCount()};
  TRY_ASSIGN(options.state_folder, Absolute(flags.state));
  TRY_ASSIGN(
      options.data_root,
      Absolute(flags.data_root.empty() ? DefaultDataRoot(flags.sweep).string() : flags.data_root));
  TRY_ASSIGN(options.trainer_program,
             Absolute(flags.trainer.empty() ? (ProgramFolder() / "archsweep-trainer").string()
                                            : flags.trainer));
  options.cpu_slots = flags.slots > 0 ? flags.slots : CpuCount();
  options.checkpoint_interval_ms = static_cast<int64_t>(flags.checkpoint_seconds * 1000);
  return options;
}

ExitCode Run(const RunFlags& flags) {
  const auto sweep = LoadSweep(flags.sweep);
  if (!sweep) return ReportError(sweep.error());
  const auto options = OptionsOf(flags);
  if (!options) return ReportError(options.error());
  const auto end = RunSweep(*sweep, *options);
  if (!end) return ReportError(end.error());
  if (*end == RunEnd::kInterrupted) return ExitCode::kInterrupted;
  const Status printed = PrintResults({.state_folder = options->state_folder, .sweep = sweep->name},
                                      RowFormat::kTable, std::cout);
  if (!printed) return ReportError(printed.error());
  return *end == RunEnd::kFinished ? ExitCode::kOk : ExitCode::kTasksFailed;
}

}  // namespace

void AddRunCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<RunFlags>();
  CLI::App* const run = app.add_subcommand("run", "Run a sweep on this machine, or go on with it");
  run->footer(kExamples);
  run->add_option("sweep", flags->sweep, "Sweep file, or the name of a preset")->required();
  run->add_option("--state", flags->state,
                  "Folder of database, checkpoints and logs, on a local disk")
      ->capture_default_str();
  run->add_option("--data-root", flags->data_root,
                  "Folder of the data sets (default: 'data' beside the sweep file)");
  run->add_option("--slots", flags->slots, "Tasks at once on processors (default: one a core)")
      ->check(CLI::Range(1, kSlotsMax));
  run->add_option("--trainer", flags->trainer,
                  "Trainer program (default: archsweep-trainer beside this program)");
  run->add_option("--checkpoint-seconds", flags->checkpoint_seconds,
                  "How often a training keeps a checkpoint")
      ->check(CLI::Range(0.1, 86'400.0))
      ->capture_default_str();
  run->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace archsweep
