#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/host.h"
#include "cli/print_rows.h"
#include "storage/backup.h"

namespace archsweep {
namespace {

struct BackupFlags {
  std::string state = kDefaultStateFolder;
  std::string to;
};

constexpr const char* kExamples = R"(Examples:
  archsweep backup --to results-monday.db
  archsweep backup --state /scratch/depth --to /home/me/depth.db
A sweep may run meanwhile. The copy is examined, and an existing file never replaced.
To go back to a copy, end the run and put the copy into the state folder in place of
archsweep.db; remove archsweep.db-wal and archsweep.db-shm beside it. Weights are not
in the copy: they lie in the checkpoints folder of the state folder.)";

ExitCode Backup(const BackupFlags& flags) {
  const SystemClock clock;
  const auto report = BackUp(flags.state, flags.to, clock);
  if (!report) return ReportError(report.error());
  std::printf("%s: %lld networks, %lld trained, %lld results: copied and examined\n",
              flags.to.c_str(), static_cast<long long>(report->trials),
              static_cast<long long>(report->trainings), static_cast<long long>(report->results));
  return ExitCode::kOk;
}

}  // namespace

void AddBackupCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<BackupFlags>();
  CLI::App* const command =
      app.add_subcommand("backup", "Copy the database into one file, also while a sweep runs");
  command->footer(kExamples);
  command->add_option("--state", flags->state, "State folder of the runs")->capture_default_str();
  command->add_option("--to", flags->to, "File to write; it must not exist")->required();
  command->callback([flags, &exit_code] { exit_code = Backup(*flags); });
}

}  // namespace archsweep
