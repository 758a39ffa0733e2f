#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/duration.h"
#include "cli/host.h"
#include "proto/access/access.h"
#include "storage/leftovers.h"
#include "storage/reader.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

struct GcFlags {
  std::string state = kDefaultStateFolder;
  std::string shared;
  int64_t age_ms = 24 * 3'600'000;
  bool dry_run = false;
};

constexpr const char* kExamples = R"(Examples:
  archsweep gc --dry-run
  archsweep gc --state /var/lib/me/depth --shared /shared/depth --older-than 2d
One line for each file or folder: its size in bytes and its path. Sweeps may run meanwhile.)";

Result<std::string> DatabaseOf(const std::string& state, const Clock& clock) {
  TRY_ASSIGN(Reader reader, Reader::Open(state, clock));
  TRY_ASSIGN(Rows rows, reader.Query("SELECT value FROM meta WHERE name = 'database'"));
  TRY_ASSIGN(const bool found, rows.Next());
  const SqlValue value = found ? rows.At(0) : SqlValue();
  const auto* id = std::get_if<std::string_view>(&value);
  return id != nullptr ? std::string(*id) : std::string();
}

// The files of another database would all look like leftovers.
Status CheckIsOurs(const std::string& state, const fs::path& shared, const Clock& clock) {
  if (shared == state) return {};
  TRY_ASSIGN(const std::string database, DatabaseOf(state, clock));
  TRY_ASSIGN(const Access access, ReadAccess(AccessFile(shared, Role::kWorker)));
  if (access.database == database) return {};
  return Fail(ErrorKind::kInvalidInput,
              Format("{} is of database {}, and {} has database {}: nothing is removed",
                     shared.string(), access.database, state, database));
}

Status Collect(const GcFlags& flags) {
  const SystemClock clock;
  const std::string shared = flags.shared.empty() ? flags.state : flags.shared;
  TRY(CheckIsOurs(flags.state, shared, clock));
  TRY_ASSIGN(const auto leftovers, FindLeftovers(flags.state, shared, flags.age_ms, clock));
  int64_t bytes = 0;
  for (const Leftover& leftover : leftovers) {
    std::error_code error;
    if (!flags.dry_run) fs::remove_all(leftover.path, error);
    if (error) {
      return Fail(ErrorKind::kIo,
                  Format("{}: cannot be removed: {}", leftover.path.string(), error.message()));
    }
    bytes += leftover.bytes;
    std::printf("%12lld  %s\n", static_cast<long long>(leftover.bytes), leftover.path.c_str());
  }
  std::printf("%zu leftovers of %lld bytes %s\n", leftovers.size(), static_cast<long long>(bytes),
              flags.dry_run ? "could be removed" : "removed");
  return {};
}

}  // namespace

void AddGcCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<GcFlags>();
  CLI::App* const command =
      app.add_subcommand("gc", "Remove checkpoints, logs and artifacts that nothing needs");
  command->footer(kExamples);
  command->add_option("--state", flags->state, "State folder of the runs")->capture_default_str();
  command->add_option("--shared", flags->shared,
                      "Folder of checkpoints, logs and artifacts (default: --state)");
  AddDurationOption(*command, "--older-than", flags->age_ms,
                    "Leave alone what was written more recently, at least 1h", "1d");
  command->add_flag("--dry-run", flags->dry_run, "Say what would be removed, and remove nothing");
  command->callback([flags, &exit_code] { exit_code = ReportEnd(Collect(*flags)); });
}

}  // namespace archsweep
