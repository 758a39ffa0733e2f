#include <iostream>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/results.h"
#include "cli/run_options.h"
#include "cli/run_sweep.h"
#include "sweep/language/load.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

struct RunCommandFlags {
  std::string sweep;
  RunFlags run;
};

constexpr const char* kExamples = R"(Examples:
  archsweep run examples/quickstart.yaml
  archsweep run depth-grid --state /scratch/depth --data-root /data
The same command resumes what was interrupted, and runs only what an edited file adds.)";

// Beside the sweep file, so that a sweep and its data can travel together.
fs::path DefaultDataRoot(const std::string& sweep) {
  return (fs::exists(sweep) ? fs::path(sweep).parent_path() : fs::path()) / "data";
}

ExitCode Run(const RunCommandFlags& flags) {
  const auto sweep = LoadSweep(flags.sweep);
  if (!sweep) return ReportError(sweep.error());
  const auto options = RunOptionsOf(flags.run, DefaultDataRoot(flags.sweep));
  if (!options) return ReportError(options.error());
  return RunAndPrint(*sweep, *options, [&] {
    return PrintResults({.source = {.state_folder = options->state_folder}, .sweep = sweep->name},
                        RowFormat::kTable, std::cout);
  });
}

}  // namespace

void AddRunCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<RunCommandFlags>();
  CLI::App* const run = app.add_subcommand("run", "Run a sweep on this machine, or go on with it");
  run->footer(kExamples);
  run->add_option("sweep", flags->sweep, "Sweep file, or the name of a preset")->required();
  AddRunFlags(*run, flags->run, "'data' beside the sweep file");
  run->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace archsweep
