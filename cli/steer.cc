#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control_client.h"
#include "cli/data_source.h"

namespace archsweep {
namespace {

struct SteerFlags {
  SourceFlags source;
  std::string name;  // Of a sweep, a worker or a host.
  std::string reason;
  std::string failure;
  bool now = false;
  bool failed = false;  // Says what the command does, for there is nothing else to try again.
};
using SharedFlags = std::shared_ptr<SteerFlags>;

constexpr const char* kPauseExamples = R"(Examples:
  archsweep pause depth-grid --reason "the file system is full" --shared /shared/depth
What runs goes on; 'archsweep resume' begins the rest.)";
constexpr const char* kResumeExamples = R"(Examples:
  archsweep resume depth-grid --shared /shared/depth)";
constexpr const char* kCancelExamples = R"(Examples:
  archsweep cancel depth-grid --shared /shared/depth
  archsweep cancel depth-grid --now --shared /shared/depth
Results are kept, and trials that another sweep wants go on. 'archsweep submit' wants them again.)";
constexpr const char* kRetryExamples = R"(Examples:
  archsweep retry depth-grid --failed --shared /shared/depth
  archsweep retry depth-grid --failed --reason out_of_memory --shared /shared/depth)";
constexpr const char* kDrainExamples = R"(Examples:
  archsweep drain 5c0e19aa --shared /shared/depth
The worker keeps checkpoints, gives its work back and leaves; 'archsweep workers' shows ids.)";
constexpr const char* kReleaseExamples = R"(Examples:
  archsweep release node-7 --shared /shared/depth
Its workers get work again although tasks failed there again and again.)";

// How many things changed goes to stdout, as JSON.
Status Tell(const Result<control::v1::SteerResponse>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  std::printf("{\"changes\":%lld}\n", static_cast<long long>(answer->changes()));
  return {};
}

Result<ControlClient> ClientOf(const SteerFlags& flags) {
  TRY_ASSIGN(const Access access, AccessOf(flags.source));
  return ControlClient::To(access);
}

template <class Request>
using SteerCall = Result<control::v1::SteerResponse> (ControlClient::*)(const Request&);

// Sends a request about the sweep that the flags name.
template <class Request>
Status SteerSweep(const SteerFlags& flags, Request request, SteerCall<Request> call) {
  TRY_ASSIGN(ControlClient client, ClientOf(flags));
  request.set_sweep(flags.name);
  return Tell((client.*call)(request));
}

Status Pause(const SteerFlags& flags) {
  control::v1::PauseRequest request;
  request.set_reason(flags.reason);
  return SteerSweep(flags, request, &ControlClient::Pause);
}

Status Resume(const SteerFlags& flags) {
  return SteerSweep(flags, control::v1::ResumeRequest(), &ControlClient::Resume);
}

Status Cancel(const SteerFlags& flags) {
  control::v1::CancelRequest request;
  request.set_now(flags.now);
  return SteerSweep(flags, request, &ControlClient::Cancel);
}

Status Retry(const SteerFlags& flags) {
  control::v1::RetryRequest request;
  request.set_failure(flags.failure);
  return SteerSweep(flags, request, &ControlClient::Retry);
}

// The whole id of the one worker that is there and whose id begins so.
Result<std::string> WorkerNamed(const DataSource& source, const std::string& beginning) {
  TRY_ASSIGN(const auto rows,
             AllRows(source, {.sql = "SELECT worker FROM v_worker WHERE left_ms IS NULL "
                                     "AND substr(worker, 1, length(?1)) = ?1 LIMIT 2",
                              .parameters = {beginning}}));
  if (rows.size() == 1) return std::get<std::string>(rows[0][0]);
  return Fail(ErrorKind::kNotFound, Format("{} worker has an id that begins with '{}'",
                                           rows.empty() ? "no" : "more than one", beginning));
}

Status Drain(const SteerFlags& flags) {
  TRY_ASSIGN(const Access access, AccessOf(flags.source));
  TRY_ASSIGN(const std::string worker, WorkerNamed({.coordinator = access}, flags.name));
  TRY_ASSIGN(ControlClient client, ControlClient::To(access));
  control::v1::DrainRequest request;
  request.set_worker(worker);
  return Tell(client.Drain(request));
}

Status Release(const SteerFlags& flags) {
  TRY_ASSIGN(ControlClient client, ClientOf(flags));
  control::v1::ReleaseRequest request;
  request.set_host(flags.name);
  return Tell(client.Release(request));
}

struct Verb {
  const char* name;
  const char* description;
  const char* examples;
  const char* object;
  Status (*act)(const SteerFlags& flags);
};

CLI::App& AddVerb(CLI::App& app, const Verb& verb, const SharedFlags& flags, ExitCode& exit_code) {
  CLI::App* const command = app.add_subcommand(verb.name, verb.description);
  command->footer(verb.examples);
  command->add_option(verb.object, flags->name, Format("Which {}", verb.object))->required();
  AddSourceOptions(*command, flags->source);
  command->callback([flags, act = verb.act, &exit_code] { exit_code = ReportEnd(act(*flags)); });
  return *command;
}

}  // namespace

void AddSteerCommands(CLI::App& app, ExitCode& exit_code) {
  const auto pause = std::make_shared<SteerFlags>();
  AddVerb(app, {"pause", "Begin nothing more of a sweep", kPauseExamples, "sweep", Pause}, pause,
          exit_code)
      .add_option("--reason", pause->reason, "Why, for others to read");
  AddVerb(app, {"resume", "Go on with a paused sweep", kResumeExamples, "sweep", Resume},
          std::make_shared<SteerFlags>(), exit_code);
  const auto cancel = std::make_shared<SteerFlags>();
  AddVerb(app, {"cancel", "Want nothing of a sweep any more", kCancelExamples, "sweep", Cancel},
          cancel, exit_code)
      .add_flag("--now", cancel->now, "Without waiting for checkpoints");
  const auto retry = std::make_shared<SteerFlags>();
  CLI::App& again =
      AddVerb(app, {"retry", "Try failed tasks of a sweep again", kRetryExamples, "sweep", Retry},
              retry, exit_code);
  again.add_flag("--failed", retry->failed, "Those that have failed")->required();
  again.add_option("--reason", retry->failure, "Only those whose newest failure is of this class");
  AddVerb(app, {"drain", "Let a worker finish and leave", kDrainExamples, "worker", Drain},
          std::make_shared<SteerFlags>(), exit_code);
  AddVerb(app, {"release", "Trust a host again", kReleaseExamples, "host", Release},
          std::make_shared<SteerFlags>(), exit_code);
}

}  // namespace archsweep
