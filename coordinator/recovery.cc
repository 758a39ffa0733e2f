#include "coordinator/recovery.h"

#include <map>

#include "base/check.h"
#include "coordinator/scheduler/plan.h"

namespace archsweep {
namespace {

TaskStatus StatusOf(const StoredTask& task) {
  switch (task.state) {
    case TaskState::kQueued:
    case TaskState::kBackoff:  // The time it had to wait is long over, or a person asked to go on
                               // at once.
    case TaskState::kFailed:
      return Queued{};
    case TaskState::kAssigned:
      return Assigned{task.live->token};
    case TaskState::kRunning:
      return Running{task.live->token};
    case TaskState::kSucceeded:
      return Succeeded{};
  }
  return Queued{};
}

}  // namespace

InitialState Recover(const ExpandedSweep& sweep, const StoredSweep& stored,
                     std::vector<Change>& requeued) {
  std::map<TaskId, const StoredTask*> found;
  for (const StoredTask& task : stored.tasks) found.emplace(task.id, &task);

  InitialState state{.tasks = {}, .weights = {}, .newest_token = stored.newest_token};
  for (const TaskSpec& spec : TasksOf(sweep)) {
    CHECK(found.contains(spec.id));
    const StoredTask& task = *found.at(spec.id);
    const bool failed = task.state == TaskState::kFailed;
    if (failed) requeued.push_back(TaskRequeued{spec.id});
    state.tasks.push_back({.spec = spec,
                           .status = StatusOf(task),
                           .attempts = task.attempts,
                           .charged = failed ? 0 : task.charged,
                           .uncharged = failed ? 0 : task.uncharged,
                           .worker = task.live ? task.live->worker : WorkerId{}});
  }
  for (const auto& [trial, training] : stored.trainings) {
    if (training.weights) state.weights.insert({trial, CheckpointRole::kLast});
    if (training.best) state.weights.insert({trial, CheckpointRole::kBest});
  }
  return state;
}

}  // namespace archsweep
