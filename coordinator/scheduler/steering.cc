// What sweeps want, and what follows from it for each task.

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/scheduler/transition.h"

namespace archsweep {

SweepKey Scheduler::KeyOfSweep(const std::string& name) const {
  const auto found = names_.find(name);
  CHECK(found != names_.end());
  return found->second;
}

void Scheduler::On(const SweepSubmitted& event) {
  const ExpandedSweep& file = *event.sweep;
  effects_.changes.push_back(SweepRecorded{event.sweep});
  const auto [name, is_new] = names_.emplace(file.name, static_cast<SweepKey>(sweeps_.size()));
  const SweepKey key = name->second;
  Sweep& sweep = sweeps_[key];
  const std::vector<TaskId> before = std::exchange(sweep.tasks, {});
  for (const TaskId& id : before) Leave(tasks_.at(id), key);
  sweep.name = file.name;
  sweep.resources = file.resources;
  sweep.queue = file.queue;
  if (sweep.state == SweepState::kCancelled) {
    SetState(sweep, SweepState::kActive, "submitted again");
  }
  for (const TaskSpec& spec : TasksOf(file)) {
    const auto [found, is_new_task] = tasks_.try_emplace(spec.id, Task{.spec = spec});
    if (is_new_task && spec.id.kind == TaskKind::kEvaluate) {
      evaluations_[spec.trial].push_back(spec.id);
    }
    Join(found->second, key, static_cast<int>(sweep.tasks.size()));
    sweep.tasks.push_back(spec.id);
  }
  for (const SweepTrial& trial : file.trials) {
    if (trial.spec.IsImported()) weights_.insert({trial.id, CheckpointRole::kLast});
  }
  for (const TaskId& id : sweep.tasks) {
    Task& task = tasks_.at(id);
    if (std::holds_alternative<Cancelled>(task.status)) RequeueIfOver(task);
    Refresh(task);
  }
  for (const TaskId& id : before) {
    Withdraw(tasks_.at(id), false);
    Refresh(tasks_.at(id));
  }
  for (auto& [token, slot] : live_) AdoptLive(slot);
  may_assign_ = true;
}

void Scheduler::On(const SweepPaused& event) {
  const SweepKey key = KeyOfSweep(event.name);
  Sweep& sweep = sweeps_.at(key);
  if (sweep.state != SweepState::kActive) return;
  SetState(sweep, SweepState::kPaused, event.reason);
  RefreshAll(key);
}

void Scheduler::On(const SweepResumed& event) {
  const SweepKey key = KeyOfSweep(event.name);
  Sweep& sweep = sweeps_.at(key);
  if (sweep.state == SweepState::kActive) return;
  const bool was_cancelled = sweep.state == SweepState::kCancelled;
  SetState(sweep, SweepState::kActive, "");
  sweep.storage_failures = 0;
  if (was_cancelled) {
    for (const TaskId& id : sweep.tasks) {
      Task& task = tasks_.at(id);
      if (std::holds_alternative<Cancelled>(task.status)) RequeueIfOver(task);
    }
  }
  RefreshAll(key);
  may_assign_ = true;
}

void Scheduler::On(const SweepCancelled& event) {
  const SweepKey key = KeyOfSweep(event.name);
  Sweep& sweep = sweeps_.at(key);
  if (sweep.state != SweepState::kCancelled) {
    SetState(sweep, SweepState::kCancelled, "a person asked");
  } else if (!event.now) {
    return;
  }
  for (const TaskId& id : std::vector<TaskId>(sweep.tasks)) Withdraw(tasks_.at(id), event.now);
  RefreshAll(key);
}

void Scheduler::On(const TasksRetried& event) {
  const SweepKey key = KeyOfSweep(event.name);
  for (const TaskId& id : sweeps_.at(key).tasks) {
    Task& task = tasks_.at(id);
    if (!std::holds_alternative<Failed>(task.status) || !IsWanted(task)) continue;
    const auto trace = traces_.find(id);
    const bool is_of_class = trace != traces_.end() && event.failure &&
                             trace->second.failure.starts_with(NameOf(*event.failure));
    if (event.failure && !is_of_class) continue;
    RequeueIfOver(task);
    Refresh(task);
    RefreshEvaluations(task);
  }
  may_assign_ = true;
}

void Scheduler::RequeueIfOver(Task& task) {
  Requeue(task);
  traces_.erase(task.spec.id);
  effects_.changes.push_back(TaskRequeued{task.spec.id});
}

void Scheduler::SetState(Sweep& sweep, SweepState state, const std::string& reason) {
  sweep.state = state;
  sweep.reason = reason;
  effects_.changes.push_back(SweepStateChanged{sweep.name, state, reason});
}

void Scheduler::Join(Task& task, SweepKey key, int ordinal) {
  task.memberships.push_back({.sweep = key, .ordinal = ordinal});
  std::ranges::sort(task.memberships, {}, &Membership::sweep);
  const auto joined = std::ranges::find(task.memberships, key, &Membership::sweep);
  Count(task, *joined, 1);
}

void Scheduler::Leave(Task& task, SweepKey key) {
  const auto left = std::ranges::find(task.memberships, key, &Membership::sweep);
  CHECK(left != task.memberships.end());
  if (left->is_ready) ready_.Erase(GroupOf(task, key), KeyOf(task, *left, sweeps_.at(key).queue));
  Count(task, *left, -1);
  task.memberships.erase(left);
  if (const auto token = LiveToken(task)) AdoptLive(live_.at(*token));
}

bool Scheduler::IsWanted(const Task& task) const {
  return std::ranges::any_of(task.memberships, [&](const Membership& membership) {
    return sweeps_.at(membership.sweep).state != SweepState::kCancelled;
  });
}

bool Scheduler::IsRunnable(const Task& task) const {
  return task.spec.id.kind == TaskKind::kTrain ||
         weights_.contains({task.spec.trial, task.spec.checkpoint});
}

// The attempt counts against the limit of a sweep that wants it, the same one for as long as it
// does.
void Scheduler::AdoptLive(LiveSlot& slot) {
  const Task& task = tasks_.at(slot.task);
  const auto wants = [&](SweepKey key) {
    return std::ranges::find(task.memberships, key, &Membership::sweep) != task.memberships.end();
  };
  if (slot.sweep >= 0 && wants(slot.sweep) && sweeps_.at(slot.sweep).IsActive()) return;
  SweepKey adopter = -1;
  for (const Membership& membership : task.memberships) {
    const bool is_active = sweeps_.at(membership.sweep).IsActive();
    if (is_active && adopter < 0) adopter = membership.sweep;
  }
  if (slot.sweep >= 0) --sweeps_.at(slot.sweep).running;
  if (adopter >= 0) ++sweeps_.at(adopter).running;
  slot.sweep = adopter;
}

void Scheduler::Withdraw(Task& task, bool now) {
  if (IsWanted(task)) return;
  if (const auto token = LiveToken(task)) {
    LiveSlot& slot = live_.at(*token);
    AskToStop(slot);
    if (now) EndByFailure(slot, {FailureClass::kStopped, "its sweep was cancelled"});
    return;
  }
  const bool waits = std::holds_alternative<Queued>(task.status) ||
                     std::holds_alternative<BackingOff>(task.status);
  if (!waits) return;
  if (const auto* backing_off = std::get_if<BackingOff>(&task.status)) {
    backing_off_.erase({backing_off->ready_ms, task.spec.id});
  }
  Cancel(task);
  effects_.changes.push_back(TaskCancelled{task.spec.id});
  Refresh(task);
}

void Scheduler::RefreshAll(SweepKey key) {
  for (const TaskId& id : sweeps_.at(key).tasks) Refresh(tasks_.at(id));
}

// Those whose weights a training makes, after its status has changed.
void Scheduler::RefreshEvaluations(const Task& training) {
  if (training.spec.id.kind != TaskKind::kTrain) return;
  const auto found = evaluations_.find(training.spec.trial);
  if (found == evaluations_.end()) return;
  for (const TaskId& evaluation : found->second) Refresh(tasks_.at(evaluation));
}

void Scheduler::Refresh(Task& task) {
  const bool can_run = std::holds_alternative<Queued>(task.status) && IsRunnable(task);
  bool is_active = false;
  for (Membership& membership : task.memberships) {
    const Sweep& sweep = sweeps_.at(membership.sweep);
    is_active = is_active || sweep.IsActive();
    const bool should_be_ready = can_run && sweep.IsActive();
    if (should_be_ready == membership.is_ready) continue;
    const ReadyGroup group = GroupOf(task, membership.sweep);
    const ReadyKey key = KeyOf(task, membership, sweep.queue);
    if (should_be_ready) {
      ready_.Insert(group, key);
      may_assign_ = true;
    } else {
      ready_.Erase(group, key);
    }
    membership.is_ready = should_be_ready;
  }
  const Tally tally = TallyOf(task);
  if (tally != task.tally) {
    for (const Membership& membership : task.memberships) Count(task, membership, -1);
    task.tally = tally;
    for (const Membership& membership : task.memberships) Count(task, membership, 1);
  }
  const auto token = LiveToken(task);
  if (!token) return;
  LiveSlot& slot = live_.at(*token);
  AdoptLive(slot);
  if (!is_active) AskToStop(slot);
}

Tally Scheduler::TallyOf(const Task& task) const {
  if (std::holds_alternative<Succeeded>(task.status)) return Tally::kSucceeded;
  if (std::holds_alternative<Failed>(task.status)) return Tally::kFailed;
  if (std::holds_alternative<Cancelled>(task.status)) return Tally::kCancelled;
  if (LiveToken(task)) return Tally::kLive;
  if (IsRunnable(task)) return Tally::kWaiting;
  const auto training = tasks_.find(TaskId::Train(task.spec.trial));
  const bool is_coming = training != tasks_.end() &&
                         !std::holds_alternative<Succeeded>(training->second.status) &&
                         !std::holds_alternative<Failed>(training->second.status) &&
                         !std::holds_alternative<Cancelled>(training->second.status);
  return is_coming ? Tally::kWaiting : Tally::kUnreachable;
}

void Scheduler::Count(const Task& task, const Membership& membership, int sign) {
  Sweep& sweep = sweeps_.at(membership.sweep);
  TaskCounts& counts = sweep.counts;
  counts.total += sign;
  sweep.work_total += sign * task.spec.work;
  switch (task.tally) {
    case Tally::kWaiting:
      break;
    case Tally::kLive:
      counts.live += sign;
      break;
    case Tally::kSucceeded:
      counts.succeeded += sign;
      sweep.work_done += sign * task.spec.work;
      break;
    case Tally::kFailed:
      counts.failed += sign;
      break;
    case Tally::kCancelled:
      counts.cancelled += sign;
      break;
    case Tally::kUnreachable:
      counts.unreachable += sign;
      break;
  }
}

}  // namespace archsweep
