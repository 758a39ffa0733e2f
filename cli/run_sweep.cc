#include "cli/run_sweep.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "cli/agent_thread.h"
#include "cli/host.h"
#include "cli/run_display.h"
#include "cli/stop_signals.h"
#include "cli/weights_file.h"
#include "cli/work_display.h"
#include "coordinator/engine.h"
#include "coordinator/server.h"
#include "storage/store.h"
#include "sweep/attempt/plan.h"
#include "worker/agent/agent.h"
#include "worker/agent/placement.h"
#include "worker/data/dataset.h"

namespace archsweep {
namespace {

constexpr int64_t kDisplayIntervalMs = 100;
constexpr int64_t kLookIntervalMs = 20;
constexpr int64_t kStopPatienceMs =
    2'500;  // For trainers to leave by themselves; the agent's own bound follows it.

Status CheckSlots(const ExpandedSweep& sweep, const RunOptions& options) {
  const Resources& needed = sweep.resources;
  if (needed.gpus == 0 && needed.ranks > options.cpu_slots) {
    return Fail(ErrorKind::kInvalidInput,
                Format("sweep '{}' asks for {} processor slots a task (resources: ranks) and this "
                       "machine has {}; ask for fewer, or give more with --slots",
                       sweep.name, needed.ranks, options.cpu_slots));
  }
  if (needed.gpus <= options.gpu_slots) return {};
  return Fail(ErrorKind::kInvalidInput,
              Format("sweep '{}' asks for {} GPU a task (resources: gpus) and this machine has {}; "
                     "run it on a machine "
                     "with a GPU, or write 'resources: {{gpus: 0}}' to train on processors",
                     sweep.name, sweep.resources.gpus, options.gpu_slots));
}

// A task that fits nowhere would wait for ever. What a GPU holds is known to the trainer only.
Status CheckMemory(const ExpandedSweep& sweep) {
  const Resources& needed = sweep.resources;
  const int64_t host_bytes = HostMemoryBytes();
  if (needed.gpus > 0 || host_bytes == 0) return {};
  std::set<TrialId> too_large;
  int64_t largest_bytes = 0;
  for (const TaskSpec& task : TasksOf(sweep)) {
    const int64_t bytes = task.memory * needed.ranks;
    if (bytes <= host_bytes) continue;
    too_large.insert(task.trial);
    largest_bytes = std::max(largest_bytes, bytes);
  }
  if (too_large.empty()) return {};
  return Fail(
      ErrorKind::kInvalidInput,
      Format("{} of {} networks take more memory than the {}B of this machine, up to {}B "
             "('archsweep plan' shows memory_bytes of each): use a smaller batch_size, or "
             "leave them out with 'where: {{macs: {{max: ...}}}}'",
             too_large.size(), sweep.trials.size(), HumanCount(static_cast<double>(host_bytes)),
             HumanCount(static_cast<double>(largest_bytes))));
}

// Everything that would make all tasks fail, before the first is started.
Status CheckReadiness(const ExpandedSweep& sweep, const RunOptions& options,
                      const StopSignals& signals) {
  TRY(CheckSlots(sweep, options));
  TRY(CheckMemory(sweep));
  if (access(options.trainer_program.c_str(), X_OK) != 0) {
    return Fail(ErrorKind::kNotFound, Format("{}: the trainer is missing; build it with "
                                             "./deploy/quickstart, or name it with --trainer",
                                             options.trainer_program.string()));
  }
  TRY(CheckImportedWeights(sweep, options.state_folder));
  std::vector<Error> problems;
  std::set<std::string> checked;
  WorkDisplay display(signals);
  for (const SweepTrial& trial : sweep.trials) {
    const DatasetRef& dataset = trial.spec.dataset;
    if (!checked.insert(ToJson(dataset).dump()).second) continue;
    const auto status =
        VerifyDataset(options.data_root, dataset,
                      display.Show(Format("checking {}", dataset.name), WorkUnit::kBytes));
    if (!status && status.error().kind == ErrorKind::kInterrupted) return status;
    if (!status) problems.push_back(status.error());
  }
  if (problems.empty()) return {};
  Error error = Joined(problems);
  error.message += Format("\ndata sets are looked for in {}; --data-root names another folder",
                          options.data_root.string());
  return tl::unexpected(error);
}

void SayPlan(const ExpandedSweep& sweep, const Snapshot& snapshot) {
  const TaskCounts& counts = snapshot.counts;
  std::fprintf(stderr, "%s: %zu networks, %zu evaluations: %d tasks done, %d to run\n",
               sweep.name.c_str(), sweep.trials.size(), sweep.evaluations.size(), counts.succeeded,
               counts.total - counts.succeeded - counts.unreachable);
}

// Once whenever it begins; the line of the sweep goes on to say so.
void SayPause(const Snapshot& snapshot, bool& is_said, LinePrinter& printer) {
  if (snapshot.pause && !is_said) {
    printer.Finish();
    std::fprintf(stderr, "paused, and tried again by itself: %s\n",
                 snapshot.pause->message.c_str());
  }
  is_said = snapshot.pause.has_value();
}

// Whether the sweep was paused before its end, by its own rules.
bool SayPaused(const Snapshot& snapshot) {
  bool is_paused = false;
  for (const SweepStatus& sweep : snapshot.sweeps) {
    if (sweep.state != SweepState::kPaused) continue;
    std::fprintf(stderr, "%s is paused: %s; the same command goes on\n", sweep.name.c_str(),
                 sweep.reason.c_str());
    is_paused = true;
  }
  return is_paused;
}

// Shows progress until the sweep has settled, the engine or the agent has given up, or a second
// signal came.
bool WatchUntilSettled(const ExpandedSweep& sweep, Engine& engine, AgentThread& agent,
                       const StopSignals& signals, const Clock& clock) {
  const RunDisplay display(sweep, *engine.Latest(), clock.MonotonicMs());
  LinePrinter printer(isatty(STDERR_FILENO) == 1, TerminalColumns());
  std::optional<int64_t> stop_asked_ms;
  bool pause_said = false;
  int64_t next_display_ms = 0;
  while (true) {
    const auto snapshot = engine.Latest();
    const int64_t now_ms = clock.MonotonicMs();
    SayPause(*snapshot, pause_said, printer);
    const bool is_over = snapshot->settled || snapshot->fatal || agent.Ended();
    if (is_over || now_ms >= next_display_ms) {
      printer.Show(display.Lines(*snapshot, now_ms), now_ms);
      next_display_ms = now_ms + kDisplayIntervalMs;
    }
    if (is_over) break;
    if (signals.Wait(kLookIntervalMs)) {
      if (stop_asked_ms) {
        agent.RequestStop();
        agent.Kill();
        break;
      }
      printer.Finish();
      std::fputs("stopping: trainings keep a checkpoint; press Ctrl-C again to end them at once\n",
                 stderr);
      stop_asked_ms = now_ms;
      engine.RequestStop();
    }
    if (stop_asked_ms && now_ms - *stop_asked_ms > kStopPatienceMs) agent.RequestStop();
  }
  printer.Finish();
  return stop_asked_ms.has_value();
}

}  // namespace

Result<RunEnd> RunSweep(const ExpandedSweep& sweep, const RunOptions& options) {
  const StopSignals signals;
  const SystemClock clock;
  TRY_ASSIGN(Store store, Store::Open(options.state_folder, clock));
  TRY_ASSIGN(const auto engine, Engine::StartOnly(std::move(store), sweep, clock));
  SayPlan(sweep, *engine->Latest());
  if (engine->Latest()->settled) return RunEnd::kFinished;
  TRY(CheckReadiness(sweep, options, signals));

  const std::string token = RandomSecret();
  TRY_ASSIGN(const auto server, Server::Start(*engine, {.tokens = {{Role::kWorker, token}}}));
  TRY_ASSIGN(auto agent, Agent::Open({.access = {.role = Role::kWorker,
                                                 .addresses = {ToText(server->Listens())},
                                                 .token = token},
                                      .work_folder = options.state_folder / "work",
                                      .shared_folder = options.state_folder,
                                      .data_root = options.data_root,
                                      .trainer_program = options.trainer_program,
                                      .cpu_slots = options.cpu_slots,
                                      .gpu_slots = options.gpu_slots,
                                      .checkpoint_interval_ms = options.checkpoint_interval_ms}));
  AgentThread agent_thread(std::move(agent));
  const bool interrupted = WatchUntilSettled(sweep, *engine, agent_thread, signals, clock);
  const Status served = agent_thread.Join();
  const auto last = engine->Latest();
  if (last->fatal) return tl::unexpected(*last->fatal);
  if (!served) return tl::unexpected(served.error());
  if (interrupted) return RunEnd::kInterrupted;
  if (SayPaused(*last)) return RunEnd::kWithFailures;
  return last->counts.failed > 0 ? RunEnd::kWithFailures : RunEnd::kFinished;
}

ExitCode RunAndPrint(const ExpandedSweep& sweep, const RunOptions& options,
                     const std::function<Status()>& print) {
  const auto end = RunSweep(sweep, options);
  if (!end) return ReportError(end.error());
  if (*end == RunEnd::kInterrupted) return ExitCode::kInterrupted;
  if (const Status printed = print(); !printed) return ReportError(printed.error());
  return *end == RunEnd::kFinished ? ExitCode::kOk : ExitCode::kTasksFailed;
}

}  // namespace archsweep
