#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control_client.h"
#include "cli/data_source.h"
#include "cli/duration.h"
#include "cli/host.h"
#include "cli/table.h"
#include "proto/access/access.h"
#include "storage/leftovers.h"
#include "storage/reader.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kCollectMs = 600'000;  // What a coordinator allows itself.

struct GcFlags {
  std::string state;  // Empty: not given.
  std::string shared;
  std::string connect;
  int64_t age_ms = 24 * 3'600'000;
  bool dry_run = false;
  RowFormat format = RowFormat::kTable;

  // A shared folder without a state folder is that of a coordinator, as for other commands.
  bool AsksCoordinator() const { return !connect.empty() || (!shared.empty() && state.empty()); }
};

constexpr const char* kExamples = R"(Examples:
  archsweep gc --dry-run
  archsweep gc --shared /shared/depth --older-than 2d        by its coordinator
  archsweep gc --state /var/lib/me/depth --shared /shared/depth
One row for each file or folder. Sweeps may run meanwhile.)";

// The files of another database would all look like leftovers.
Status CheckIsOurs(const std::string& state, const fs::path& shared, const Clock& clock) {
  if (shared == state) return {};
  TRY_ASSIGN(Reader reader, Reader::Open(state, clock));
  TRY_ASSIGN(const std::string database, reader.DatabaseId());
  TRY_ASSIGN(const Access access, ReadAccess(AccessFile(shared, Role::kWorker)));
  if (access.database == database) return {};
  return Fail(ErrorKind::kInvalidInput,
              Format("{} is of database {}, and {} has database {}: nothing is removed",
                     shared.string(), access.database, state, database));
}

// What was removed or could be goes to stdout, how much it is to stderr.
class Report {
 public:
  explicit Report(const GcFlags& flags)
      : dry_run_(flags.dry_run), printer_({{"bytes"}, {"path"}}, flags.format, std::cout) {}

  void Add(const std::string& path, int64_t bytes) {
    printer_.Add({bytes, path});
    ++count_;
    bytes_ += bytes;
  }

  Status Finish() {
    TRY(printer_.Finish());
    std::fputs(Format("{} leftovers of {} bytes {}\n", count_, bytes_,
                      dry_run_ ? "could be removed" : "removed")
                   .c_str(),
               stderr);
    return {};
  }

 private:
  bool dry_run_;
  RowPrinter printer_;
  int64_t count_ = 0;
  int64_t bytes_ = 0;
};

Status CollectHere(const GcFlags& flags, Report& report) {
  const SystemClock clock;
  const std::string state = flags.state.empty() ? kDefaultStateFolder : flags.state;
  const std::string shared = flags.shared.empty() ? state : flags.shared;
  TRY(CheckIsOurs(state, shared, clock));
  TRY_ASSIGN(const auto leftovers, FindLeftovers(state, shared, flags.age_ms, clock));
  for (const Leftover& leftover : leftovers) {
    if (!flags.dry_run) TRY(Remove(leftover));
    report.Add(leftover.path.string(), leftover.bytes);
  }
  return {};
}

Status CollectThere(const GcFlags& flags, Report& report) {
  TRY_ASSIGN(const Access access, AccessOf({.shared = flags.shared, .connect = flags.connect}));
  TRY_ASSIGN(ControlClient client, ControlClient::To(access));
  control::v1::CollectGarbageRequest request;
  request.set_age_ms(flags.age_ms);
  request.set_remove(!flags.dry_run);
  while (true) {
    TRY_ASSIGN(const auto answer, client.CollectGarbage(request, kCollectMs));
    for (const auto& leftover : answer.leftovers()) report.Add(leftover.path(), leftover.bytes());
    if (!answer.more()) return {};
    if (flags.dry_run) {
      std::fputs("there may be more, which are told once these are gone\n", stderr);
      return {};
    }
  }
}

// What was removed is told even where the rest could not be.
Status Collect(const GcFlags& flags) {
  Report report(flags);
  const Status collected =
      flags.AsksCoordinator() ? CollectThere(flags, report) : CollectHere(flags, report);
  TRY(report.Finish());
  return collected;
}

}  // namespace

void AddGcCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<GcFlags>();
  CLI::App* const command =
      app.add_subcommand("gc", "Remove checkpoints, logs and artifacts that nothing needs");
  command->footer(kExamples);
  CLI::Option* const state =
      command->add_option("--state", flags->state, "State folder of the runs, on this machine")
          ->default_str(kDefaultStateFolder);
  command->add_option("--shared", flags->shared,
                      "Ask the coordinator whose access file is in this shared folder; with "
                      "--state: folder of checkpoints, logs and artifacts (default: --state)");
  command->add_option("--connect", flags->connect, "Ask the coordinator of this access file")
      ->excludes("--shared")
      ->excludes(state);
  AddDurationOption(*command, "--older-than", flags->age_ms,
                    "Leave alone what was written more recently, at least 1h", "1d");
  command->add_flag("--dry-run", flags->dry_run, "Say what would be removed, and remove nothing");
  AddFormatOption(*command, flags->format);
  command->callback([flags, &exit_code] { exit_code = ReportEnd(Collect(*flags)); });
}

}  // namespace archsweep
