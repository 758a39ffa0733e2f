#include "coordinator/scheduler/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "coordinator/scheduler/transition.h"

namespace archsweep {

Scheduler::Scheduler(const InitialState& initial, int64_t now_ms)
    : weights_(initial.weights), newest_token_(initial.newest_token), now_ms_(now_ms) {
  for (const InitialWorker& worker : initial.workers) {
    fleet_.Add(worker.description, now_ms, now_ms + kLeaseMs);
    if (worker.draining) fleet_.Drain(worker.description.worker);
  }
  for (const InitialQuarantine& ban : initial.quarantined) {
    hosts_.Quarantine(ban.host, now_ms + ban.left_ms, ban.evidence);
    fleet_.Ban(ban.host, true);
  }
  std::map<Token, const InitialTask*> live;
  for (const InitialTask& found : initial.tasks) {
    const TaskId id = found.spec.id;
    const Task task{.spec = found.spec,
                    .status = found.status,
                    .attempts = found.attempts,
                    .charged = found.charged,
                    .uncharged = found.uncharged};
    CHECK(tasks_.emplace(id, task).second);
    if (id.kind == TaskKind::kEvaluate) evaluations_[found.spec.trial].push_back(id);
    if (const auto token = LiveToken(task)) live.emplace(*token, &found);
    if (const auto* backing_off = std::get_if<BackingOff>(&task.status)) {
      backing_off_.emplace(backing_off->ready_ms, id);
    }
    if (!found.failure.empty()) traces_[id].failure = found.failure;
  }
  for (const auto& [token, found] : live) Restore(*found, token);
  for (const InitialSweep& found : initial.sweeps) {
    const auto key = static_cast<SweepKey>(sweeps_.size());
    names_.emplace(found.name, key);
    sweeps_.emplace(key, Sweep{.name = found.name,
                               .resources = found.resources,
                               .queue = found.queue,
                               .state = found.state,
                               .reason = found.reason,
                               .left_out = initial.only && *initial.only != found.name,
                               .tasks = found.tasks,
                               .counts = {}});
    int ordinal = 0;
    for (const TaskId& id : found.tasks) Join(tasks_.at(id), key, ordinal++);
  }
  for (auto& [token, slot] : live_) AdoptLive(slot);
  for (auto& [id, task] : tasks_) Refresh(task);
  for (auto& [token, slot] : live_) {
    if (fleet_.At(slot.worker).draining) AskToStop(slot);
  }
  may_assign_ = true;
  CheckInvariants();
}

// Older attempts come first, so that one that was in advance finds the one before it, if that has
// not ended since.
void Scheduler::Restore(const InitialTask& found, Token token) {
  LiveSlot slot{.token = token,
                .task = found.spec.id,
                .worker = found.worker,
                .slots = found.slots,
                .share = found.share,
                .was_in_advance = found.in_advance,
                .assigned_ms = now_ms_,
                .began_ms = now_ms_};
  if (found.in_advance) {
    const SlotUse& use = fleet_.At(slot.worker).slots.at(static_cast<size_t>(slot.slots.front()));
    slot.in_advance = !use.holders.empty();
  }
  const bool gpu = slot.slots.front() >= fleet_.At(slot.worker).cpu_slots;
  const Need need{.gpu = gpu,
                  .slots = static_cast<int>(slot.slots.size()),
                  .share = slot.share,
                  .memory = found.spec.memory};
  fleet_.Take({slot.worker, slot.slots, slot.in_advance}, token, need);
  if (slot.in_advance && std::holds_alternative<Assigned>(found.status)) in_advance_.insert(token);
  traces_[slot.task].worker = slot.worker;
  traces_[slot.task].host = fleet_.At(slot.worker).host;
  live_.emplace(token, std::move(slot));
}

Effects Scheduler::Step(const Event& event, int64_t now_ms) {
  CHECK(now_ms >= now_ms_);
  now_ms_ = now_ms;
  std::visit([this](const auto& typed) { On(typed); }, event);
  AssignReadyTasks();
  CheckTouched();
  return std::exchange(effects_, {});
}

void Scheduler::On(const WorkerRegistered& event) {
  const WorkerDescription& description = event.description;
  for (const WorkerId& dead : description.dead_workers) {
    if (Knows(dead)) LoseWorker(dead, "its process was found dead");
  }
  if (Knows(description.worker)) {  // A repeated call.
    fleet_.Renew(description.worker, now_ms_ + kLeaseMs);
    may_assign_ = true;
    return;
  }
  const WorkerJoined joined{.worker = description.worker,
                            .host = description.host,
                            .slots = description.cpu_slots + description.gpu_slots,
                            .gpu_slots = description.gpu_slots,
                            .memory_bytes = description.memory_bytes,
                            .device_bytes = description.device_bytes,
                            .ends_in_ms = description.ends_in_ms,
                            .version = description.version};
  fleet_.Add(joined, now_ms_, now_ms_ + kLeaseMs);
  if (hosts_.IsQuarantined(joined.host)) fleet_.Ban(joined.host, true);
  fleet_.Renew(joined.worker, now_ms_ + kLeaseMs);
  effects_.changes.push_back(joined);
  may_assign_ = true;
}

void Scheduler::On(const WorkerReported& event) {
  const WorkerReport& report = event.report;
  CHECK(Knows(report.worker));
  if (!fleet_.At(report.worker).heard) may_assign_ = true;
  fleet_.Renew(report.worker, now_ms_ + kLeaseMs);
  for (const ObservedAttempt& observed : report.attempts) {
    NoteUse(report.worker, observed);
    for (const NumberedLine& line : observed.lines) {
      const auto found = live_.find(observed.token);
      if (found != live_.end() && found->second.worker == report.worker) {
        ApplyLine(found->second, line);
      } else if (IsFinal(line.line)) {
        // The end of an attempt that another has replaced, or one that was told before.
        effects_.changes.push_back(ReportRefused{observed.token, ToText(line.line)});
      }
    }
  }
  if (report.leaving) LoseWorker(report.worker, "it left");
}

void Scheduler::On(const TimePassed&) {
  for (const WorkerId& id : fleet_.Silent(now_ms_)) {
    LoseWorker(id, Format("it was silent for {}", HumanDuration(kLeaseMs / 1000.0)));
  }
  while (!backing_off_.empty() && backing_off_.begin()->first <= now_ms_) {
    Task& task = tasks_.at(backing_off_.begin()->second);
    backing_off_.erase(backing_off_.begin());
    BecomeReady(task);
    Refresh(task);
  }
  for (const std::string& host : hosts_.Over(now_ms_)) ReleaseHost(host, "its time is over");
  TakeBackFromAdvance();
  for (const auto& [group, since_ms] : wide_since_) {
    may_assign_ = may_assign_ || since_ms + kReserveAfterMs <= now_ms_;
  }
}

void Scheduler::On(const StopRequested&) {
  stopping_ = true;
  for (auto& [token, slot] : live_) AskToStop(slot);
}

void Scheduler::On(const WorkerDrainAsked& event) {
  CHECK(Knows(event.worker));
  const FleetWorker& worker = fleet_.At(event.worker);
  if (worker.draining) return;
  fleet_.Drain(event.worker);
  effects_.changes.push_back(WorkerDrained{event.worker});
  for (const Token token : std::set<Token>(worker.attempts)) AskToStop(live_.at(token));
  Wake(event.worker);
}

void Scheduler::On(const HostReleaseAsked& event) {
  if (hosts_.IsQuarantined(event.host)) ReleaseHost(event.host, "a person asked");
}

void Scheduler::AskToStop(LiveSlot& slot) {
  if (std::exchange(slot.stopping, true)) return;
  Wake(slot.worker);
}

void Scheduler::LoseWorker(const WorkerId& id, const std::string& reason) {
  const std::set<Token> attempts = fleet_.At(id).attempts;
  // The newest first, so that none moves up into the slot of one before it.
  for (auto next = attempts.rbegin(); next != attempts.rend(); ++next) {
    const LiveSlot slot = live_.at(*next);
    const bool began =
        !slot.was_in_advance || std::holds_alternative<Running>(tasks_.at(slot.task).status);
    EndByFailure(slot, {FailureClass::kLost, Format("worker {}: {}", ShortHex(id), reason)}, began);
  }
  fleet_.Remove(id);
  effects_.changes.push_back(WorkerLeft{id, reason});
}

void Scheduler::ReleaseHost(const std::string& host, const std::string& reason) {
  hosts_.Release(host);
  fleet_.Ban(host, false);
  effects_.changes.push_back(HostReleased{host, reason});
  may_assign_ = true;
}

void Scheduler::Wake(const WorkerId& worker) {
  if (std::ranges::find(effects_.wake, worker) == effects_.wake.end())
    effects_.wake.push_back(worker);
}

std::vector<const LiveSlot*> Scheduler::Desired(const WorkerId& id) const {
  std::vector<const LiveSlot*> desired;
  for (const Token token : fleet_.At(id).attempts) desired.push_back(&live_.at(token));
  return desired;
}

bool Scheduler::Settled() const {
  if (stopping_) return live_.empty();
  // What no sweep has any more is still being stopped.
  const auto is_nobodys = [&](const auto& entry) {
    return tasks_.at(entry.second.task).memberships.empty();
  };
  if (std::ranges::any_of(live_, is_nobodys)) return false;
  return std::ranges::all_of(
      sweeps_, [](const auto& entry) { return entry.second.left_out || entry.second.IsSettled(); });
}

std::optional<int64_t> Scheduler::NextDeadlineMs() const {
  std::optional<int64_t> next = fleet_.NextLeaseEndMs();
  const auto consider = [&](std::optional<int64_t> time_ms) {
    if (time_ms) next = next ? std::min(*next, *time_ms) : *time_ms;
  };
  if (!backing_off_.empty()) consider(backing_off_.begin()->first);
  consider(hosts_.NextEndMs());
  for (const auto& [group, since_ms] : wide_since_) {
    if (since_ms + kReserveAfterMs > now_ms_) consider(since_ms + kReserveAfterMs);
  }
  if (!in_advance_.empty()) {
    consider(live_.at(*in_advance_.begin()).assigned_ms + kAdvanceWaitMaxMs);
  }
  return next;
}

std::vector<TaskId> Scheduler::TasksOfTrial(const TrialId& trial) const {
  std::vector<TaskId> tasks;
  if (tasks_.contains(TaskId::Train(trial))) tasks.push_back(TaskId::Train(trial));
  const auto found = evaluations_.find(trial);
  if (found == evaluations_.end()) return tasks;
  tasks.insert(tasks.end(), found->second.begin(), found->second.end());
  return tasks;
}

const Sweep* Scheduler::FindSweep(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &sweeps_.at(found->second);
}

}  // namespace archsweep
