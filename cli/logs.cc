#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control_client.h"
#include "cli/data_source.h"
#include "cli/stop_signals.h"
#include "cli/trial_name.h"

namespace archsweep {
namespace {

constexpr int64_t kFollowIntervalMs = 500;

struct LogsFlags {
  SourceFlags source;
  std::string trial;
  std::string attack;
  int attempt = 0;
  bool follow = false;
};

constexpr const char* kExamples = R"(Examples:
  archsweep logs 3f2a91c0 --shared /shared/depth
  archsweep logs 3f2a91c0 --shared /shared/depth --attempt 2
  archsweep logs 3f2a91c0 --shared /shared/depth --attack pgd20 -f
What an attempt printed; the newest of the training, unless another is asked for.)";

struct Attempt {
  int64_t token = 0;
  bool live = false;
};

Result<Attempt> FindAttempt(const DataSource& source, const LogsFlags& flags) {
  TRY_ASSIGN(const std::string trial, TrialNamed(source, flags.trial));
  TRY_ASSIGN(const auto rows,
             AllRows(source, {.sql = "SELECT token, ended_ms IS NULL FROM v_attempt "
                                     "WHERE trial = ?1 AND coalesce(attack, '') = ?2 "
                                     "AND (?3 = '0' OR attempt = CAST(?3 AS INTEGER)) "
                                     "ORDER BY token DESC LIMIT 1",
                              .parameters = {trial, flags.attack, Format("{}", flags.attempt)}}));
  if (!rows.empty()) {
    return Attempt{std::get<int64_t>(rows[0][0]), std::get<int64_t>(rows[0][1]) != 0};
  }
  return Fail(ErrorKind::kNotFound, Format("trial {} has no such attempt", trial));
}

// Prints from `offset` on to the end so far, and moves it there.
Status PrintRest(ControlClient& client, int64_t token, int64_t& offset) {
  control::v1::ReadLogRequest request;
  request.set_token(token);
  while (true) {
    request.set_offset(offset);
    TRY_ASSIGN(const control::v1::ReadLogResponse response, client.ReadLog(request));
    offset = response.next_offset();
    if (response.text().empty()) break;
    std::cout << response.text();
  }
  std::cout.flush();
  return {};
}

Status PrintLog(const LogsFlags& flags) {
  const StopSignals signals;
  TRY_ASSIGN(const Access access, AccessOf(flags.source));
  const DataSource source{.coordinator = access};
  TRY_ASSIGN(ControlClient client, ControlClient::To(access));
  TRY_ASSIGN(Attempt attempt, FindAttempt(source, flags));
  const int64_t token = attempt.token;
  int64_t offset = 0;
  TRY(PrintRest(client, token, offset));
  while (flags.follow && attempt.live) {
    if (signals.Wait(kFollowIntervalMs)) return Fail(ErrorKind::kInterrupted, "interrupted");
    // Asked first, so that what it printed last is not missed.
    TRY_ASSIGN(attempt, FindAttempt(source, flags));
    attempt.live = attempt.live && attempt.token == token;
    TRY(PrintRest(client, token, offset));
  }
  return {};
}

}  // namespace

void AddLogsCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<LogsFlags>();
  CLI::App* const logs = app.add_subcommand("logs", "What an attempt printed");
  logs->footer(kExamples);
  logs->add_option("trial", flags->trial, "The first digits of its id")->required();
  logs->add_option("--attempt", flags->attempt, "Its number (default: the newest)")
      ->check(CLI::PositiveNumber);
  logs->add_option("--attack", flags->attack, "Of the evaluation by this attack");
  logs->add_flag("-f,--follow", flags->follow, "Go on until the attempt ends");
  AddSourceOptions(*logs, flags->source);
  logs->callback([flags, &exit_code] { exit_code = ReportEnd(PrintLog(*flags)); });
}

}  // namespace archsweep
