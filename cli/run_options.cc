#include "cli/run_options.h"

#include <CLI/Validators.hpp>
#include <system_error>

#include "sweep/attempt/exchange.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

// Trainers get it as it is and run elsewhere, so it must not depend on the folder of this process.
Result<fs::path> Absolute(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (!error) return absolute.lexically_normal();
  return Fail(ErrorKind::kInvalidInput, path.string() + ": " + error.message());
}

}  // namespace

void AddRunFlags(CLI::App& command, RunFlags& flags, const std::string& default_data_root) {
  command
      .add_option("--state", flags.state,
                  "Folder of database, checkpoints and logs, on a local disk")
      ->capture_default_str();
  command.add_option("--data-root", flags.data_root,
                     "Folder of the data sets (default: " + default_data_root + ")");
  command
      .add_option("--slots", flags.slots,
                  "Tasks at once on processors, which share the cores (default: one a core)")
      ->check(CLI::Range(1, kSlotsMax));
  command.add_option("--trainer", flags.trainer,
                     "Trainer program (default: archsweep-trainer beside this program)");
  command
      .add_option("--checkpoint-seconds", flags.checkpoint_seconds,
                  "How often a task keeps what it can go on from")
      ->check(CLI::Range(0.1, 86'400.0))
      ->capture_default_str();
}

Result<RunOptions> RunOptionsOf(const RunFlags& flags, const fs::path& default_data_root) {
  RunOptions options{.gpu_slots = GpuCount()};
  TRY_ASSIGN(options.state_folder, Absolute(flags.state));
  TRY_ASSIGN(options.data_root,
             Absolute(flags.data_root.empty() ? default_data_root : fs::path(flags.data_root)));
  TRY_ASSIGN(options.trainer_program,
             Absolute(flags.trainer.empty() ? ProgramFolder() / "archsweep-trainer"
                                            : fs::path(flags.trainer)));
  options.cpu_slots = flags.slots > 0 ? flags.slots : CpuCount();
  options.checkpoint_interval_ms = static_cast<int64_t>(flags.checkpoint_seconds * 1000);
  return options;
}

}  // namespace archsweep
