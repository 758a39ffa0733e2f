#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "archsweep_version.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/host.h"
#include "cli/stop_signals.h"
#include "coordinator/coordinator.h"

namespace archsweep {
namespace {

constexpr int64_t kLookIntervalMs = 500;

struct CoordinatorFlags {
  std::string state = kDefaultStateFolder;
  std::string shared;
  std::string listen = "0.0.0.0:0";
  std::string http;
  std::vector<std::string> advertise;
  bool takeover = false;
};

constexpr const char* kExamples = R"(Examples:
  archsweep coordinator --state /var/lib/depth --shared /shared/depth
  archsweep coordinator --state /var/lib/depth --shared /shared/depth --listen 10.0.0.5:50051
Workers join by the access file that it writes into the shared folder:
  archsweep worker --shared /shared/depth
It ends on SIGTERM or SIGINT; workers go on meanwhile, and the same command resumes.)";

Result<CoordinatorOptions> OptionsOf(const CoordinatorFlags& flags) {
  CoordinatorOptions options{.state_folder = flags.state,
                             .shared_folder = flags.shared.empty() ? flags.state : flags.shared,
                             .advertise = flags.advertise,
                             .takeover = flags.takeover};
  TRY_ASSIGN(options.listen, ParseAddress(flags.listen));
  options.http = {options.listen.host, 0};
  if (!flags.http.empty()) {
    TRY_ASSIGN(options.http, ParseAddress(flags.http));
  }
  return options;
}

// Every worker is a connection, and 1,024 descriptors are the usual limit of a program that does
// not ask for more.
void AllowManyConnections() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) LogWarning("the limit of open files stays as it is");
}

Status ServeUntilStopped(const CoordinatorFlags& flags) {
  AllowManyConnections();
  const StopSignals signals;
  const SystemClock clock;
  TRY_ASSIGN(const CoordinatorOptions options, OptionsOf(flags));
  TRY_ASSIGN(const auto coordinator, Coordinator::Start(options, clock));
  LogInfo(
      "archsweep {}: coordinator {} of database {} listens at {} and {}; access files are in {}",
      kBuild, coordinator->WorkerAccess().epoch, coordinator->WorkerAccess().database,
      Join(coordinator->WorkerAccess().addresses, ", "), coordinator->WorkerAccess().http,
      (options.shared_folder / "access").string());
  while (!signals.Wait(kLookIntervalMs)) {
    const auto snapshot = coordinator->Running().Latest();
    if (snapshot->fatal) return tl::unexpected(*snapshot->fatal);
    TRY(coordinator->CheckIsCurrent());
  }
  LogInfo("coordinator {} stops; workers go on", coordinator->WorkerAccess().epoch);
  return {};
}

}  // namespace

void AddCoordinatorCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<CoordinatorFlags>();
  CLI::App* const command = app.add_subcommand(
      "coordinator", "Keep the database, and give work to workers on other machines");
  command->footer(kExamples);
  command->add_option("--state", flags->state, "Folder of database, lock and keys, on a local disk")
      ->capture_default_str();
  command->add_option("--shared", flags->shared,
                      "Folder that workers see too: access files, checkpoints (default: --state)");
  command
      ->add_option("--listen", flags->listen,
                   "HOST:PORT to listen at; port 0: any that is free. Always encrypted")
      ->capture_default_str();
  command->add_option("--http", flags->http,
                      "HOST:PORT for /healthz and /metrics (default: any port of --listen's host)");
  command
      ->add_option("--advertise", flags->advertise,
                   "Hosts by which workers reach this machine (default: its addresses)")
      ->delimiter(',');
  command->add_flag("--takeover", flags->takeover,
                    "Take the state folder from a coordinator that holds it and hangs");
  command->callback([flags, &exit_code] { exit_code = ReportEnd(ServeUntilStopped(*flags)); });
}

}  // namespace archsweep
