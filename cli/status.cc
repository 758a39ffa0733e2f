#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/print_rows.h"
#include "cli/stop_signals.h"

namespace archsweep {
namespace {

constexpr int64_t kWatchIntervalMs = 2'000;

struct StatusFlags {
  SourceFlags source;
  std::string sweep;
  RowFormat format = RowFormat::kTable;
};

constexpr const char* kStatusExamples = R"(Examples:
  archsweep status
  archsweep status depth-grid --shared /shared/depth --format json
tasks are trainings and evaluations; waiting: queued, or backing off before the next attempt;
unreachable: evaluations whose training failed.
eta_seconds: until all is done, if as much as now goes on at the pace of what has ended.)";

constexpr const char* kWatchExamples = R"(Examples:
  archsweep watch --shared /shared/depth
It ends when nothing runs or waits any more, with exit code 3 if tasks have failed.)";

constexpr const char* kWorkersExamples = R"(Examples:
  archsweep workers --shared /shared/depth
  archsweep workers --all --format csv
Times are milliseconds since 1970 in UTC.)";

SqlQuery ProgressOf(const std::string& sweep) {
  SqlQuery query{.sql = "SELECT * FROM v_progress"};
  if (!sweep.empty()) {
    query.sql += " WHERE sweep = ?1";
    query.parameters = {sweep};
  }
  return query;
}

// kNotFound where there is no such sweep, for an empty table would say nothing.
Status CheckSweep(const DataSource& source, const std::string& sweep) {
  if (sweep.empty()) return {};
  TRY_ASSIGN(const auto rows, AllRows(source, {.sql = "SELECT 1 FROM v_sweep WHERE sweep = ?1",
                                               .parameters = {sweep}}));
  if (!rows.empty()) return {};
  return Fail(ErrorKind::kNotFound, Format("{} has no sweep '{}'", source.Name(), sweep));
}

Status PrintStatus(const StatusFlags& flags) {
  TRY_ASSIGN(const DataSource source, SourceOf(flags.source));
  TRY(CheckSweep(source, flags.sweep));
  return PrintRows(source, ProgressOf(flags.sweep), {.format = flags.format}, std::cout);
}

struct Progress {
  int64_t unfinished = 0;
  int64_t failed = 0;
};

Result<Progress> ProgressNow(const DataSource& source, const std::string& sweep) {
  TRY_ASSIGN(const auto rows, AllRows(source, {.sql = "SELECT coalesce(sum(running + waiting), 0), "
                                                      "coalesce(sum(failed), 0) FROM v_progress "
                                                      "WHERE ?1 = '' OR sweep = ?1",
                                               .parameters = {sweep}}));
  return Progress{std::get<int64_t>(rows[0][0]), std::get<int64_t>(rows[0][1])};
}

// Shows the table again and again, in the same place on a terminal.
Result<ExitCode> Watch(const StatusFlags& flags) {
  const StopSignals signals;
  TRY_ASSIGN(const DataSource source, SourceOf(flags.source));
  TRY(CheckSweep(source, flags.sweep));
  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  while (true) {
    if (is_terminal) std::cout << "\x1b[H\x1b[2J";
    TRY(PrintRows(source, ProgressOf(flags.sweep), {.format = flags.format}, std::cout));
    std::cout.flush();
    TRY_ASSIGN(const Progress progress, ProgressNow(source, flags.sweep));
    if (progress.unfinished == 0) {
      return progress.failed > 0 ? ExitCode::kTasksFailed : ExitCode::kOk;
    }
    if (signals.Wait(kWatchIntervalMs)) return ExitCode::kInterrupted;
  }
}

struct WorkersFlags {
  SourceFlags source;
  bool all = false;
  RowFormat format = RowFormat::kTable;
};

Status PrintWorkers(const WorkersFlags& flags) {
  TRY_ASSIGN(const DataSource source, SourceOf(flags.source));
  SqlQuery query{.sql =
                     "SELECT worker, host, slots, version, running, succeeded, failed, "
                     "joined_ms, left_ms, left_reason FROM v_worker"};
  if (!flags.all) query.sql += " WHERE left_ms IS NULL";
  query.sql += " ORDER BY joined_ms, worker";
  return PrintRows(source, query, {.format = flags.format, .hide_empty = true}, std::cout);
}

}  // namespace

void AddStatusCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<StatusFlags>();
  CLI::App* const status = app.add_subcommand("status", "How far the sweeps are");
  status->footer(kStatusExamples);
  status->add_option("sweep", flags->sweep, "Name of a sweep (default: all)");
  AddSourceOptions(*status, flags->source);
  AddFormatOption(*status, flags->format);
  status->callback([flags, &exit_code] { exit_code = ReportEnd(PrintStatus(*flags)); });
}

void AddWatchCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<StatusFlags>();
  CLI::App* const watch =
      app.add_subcommand("watch", "The same again and again, until nothing runs or waits");
  watch->footer(kWatchExamples);
  watch->add_option("sweep", flags->sweep, "Name of a sweep (default: all)");
  AddSourceOptions(*watch, flags->source);
  AddFormatOption(*watch, flags->format, {"table", "jsonl"});
  watch->callback([flags, &exit_code] {
    const auto end = Watch(*flags);
    exit_code = end ? *end : ReportError(end.error());
  });
}

void AddWorkersCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<WorkersFlags>();
  CLI::App* const workers = app.add_subcommand("workers", "Who works, and on how much");
  workers->footer(kWorkersExamples);
  workers->add_flag("--all", flags->all, "Also those that have left");
  AddSourceOptions(*workers, flags->source);
  AddFormatOption(*workers, flags->format);
  workers->callback([flags, &exit_code] { exit_code = ReportEnd(PrintWorkers(*flags)); });
}

}  // namespace archsweep
