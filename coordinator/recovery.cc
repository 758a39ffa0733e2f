#include "coordinator/recovery.h"

#include "base/check.h"

namespace archsweep {
namespace {

TaskStatus StatusOf(const StoredTask& task) {
  switch (task.state) {
    case TaskState::kQueued:
    case TaskState::kBackoff:
      return Queued{};
    case TaskState::kAssigned:
      return Assigned{task.live->token};
    case TaskState::kRunning:
      return Running{task.live->token};
    case TaskState::kSucceeded:
      return Succeeded{};
    case TaskState::kFailed:
      return Failed{};
    case TaskState::kCancelled:
      return Cancelled{};
  }
  return Queued{};
}

InitialTask TaskFrom(const StoredTask& task) {
  InitialTask initial{.spec = task.spec,
                      .status = StatusOf(task),
                      .attempts = task.attempts,
                      .charged = task.charged,
                      .uncharged = task.uncharged,
                      .failure = task.failure};
  if (!task.live) return initial;
  initial.worker = task.live->worker;
  initial.slots = task.live->slots;
  initial.share = task.live->share;
  initial.in_advance = task.live->in_advance;
  return initial;
}

}  // namespace

InitialState Recover(const StoredState& stored, const std::optional<std::string>& only) {
  InitialState state{.tasks = {},
                     .sweeps = {},
                     .weights = stored.weights,
                     .workers = {},
                     .quarantined = {},
                     .newest_token = stored.newest_token,
                     .only = only};
  for (const StoredTask& task : stored.tasks) state.tasks.push_back(TaskFrom(task));
  for (const StoredSweep& sweep : stored.sweeps) {
    state.sweeps.push_back(
        {sweep.name, sweep.resources, sweep.queue, sweep.state, sweep.reason, sweep.tasks});
  }
  for (const StoredWorker& worker : stored.workers) {
    state.workers.push_back({worker.description, worker.draining});
  }
  for (const StoredQuarantine& ban : stored.quarantined) {
    state.quarantined.push_back({ban.host, ban.left_ms, ban.evidence});
  }
  return state;
}

}  // namespace archsweep
