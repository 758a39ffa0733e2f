#include "coordinator/scheduler/scheduler.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "coordinator/scheduler/policy.h"
#include "coordinator/scheduler/transition.h"

namespace archsweep {
namespace {

constexpr const char* kRenewed = "its last attempt from before the restart has ended";

}  // namespace

Scheduler::Scheduler(const InitialState& initial, int64_t now_ms)
    : weights_(initial.weights), newest_token_(initial.newest_token), now_ms_(now_ms) {
  int ordinal = 0;
  for (const InitialTask& found : initial.tasks) {
    const TaskId id = found.spec.id;
    const Task task{.spec = found.spec,
                    .ordinal = ordinal++,
                    .status = found.status,
                    .attempts = found.attempts,
                    .charged = found.charged,
                    .uncharged = found.uncharged};
    CHECK(tasks_.emplace(id, task).second);
    if (id.kind == TaskKind::kEvaluate) evaluations_[found.spec.trial].push_back(id);
    work_total_ += found.spec.work;
    if (const auto token = LiveToken(task)) Restore(*token, id, found.worker);
  }
  counts_.total = static_cast<int>(tasks_.size());
  for (const auto& [id, task] : tasks_) {
    MakeReady(task);
    CountIfOver(task);
  }
  CheckInvariants();
}

void Scheduler::Restore(Token token, const TaskId& task, const WorkerId& id) {
  live_.emplace(token, LiveSlot{.token = token, .task = task, .worker = id});
  Worker& worker = workers_[id];
  worker.attempts.insert(token);
  worker.lease_end_ms = now_ms_ + kLeaseMs;
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
  if (Knows(description.worker)) return;  // A repeated call.
  Worker& worker = workers_[description.worker];
  worker.cpu_slots = description.cpu_slots;
  worker.gpu_slots = description.gpu_slots;
  for (int slot = 0; slot < description.cpu_slots; ++slot) worker.free_cpu_slots.insert(slot);
  for (int slot = 0; slot < description.gpu_slots; ++slot) {
    worker.free_gpu_slots.insert(description.cpu_slots + slot);
  }
  worker.lease_end_ms = now_ms_ + kLeaseMs;
  effects_.changes.push_back(WorkerJoined{.worker = description.worker,
                                          .host = description.host,
                                          .slots = description.cpu_slots + description.gpu_slots});
}

void Scheduler::On(const WorkerReported& event) {
  const WorkerReport& report = event.report;
  CHECK(Knows(report.worker));
  workers_.at(report.worker).lease_end_ms = now_ms_ + kLeaseMs;
  for (const ObservedAttempt& observed : report.attempts) {
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
  // One from before a restart has never said what it has. When it is done, it registers anew.
  const Worker& worker = workers_.at(report.worker);
  const bool is_done = worker.attempts.empty() && worker.cpu_slots + worker.gpu_slots == 0;
  if (report.leaving || is_done) LoseWorker(report.worker, report.leaving ? "it left" : kRenewed);
}

void Scheduler::On(const TimePassed&) {
  std::vector<WorkerId> silent;
  for (const auto& [id, worker] : workers_) {
    if (worker.lease_end_ms <= now_ms_) silent.push_back(id);
  }
  for (const WorkerId& id : silent) {
    LoseWorker(id, Format("it was silent for {}", HumanDuration(kLeaseMs / 1000.0)));
  }
  while (!backing_off_.empty() && backing_off_.begin()->first <= now_ms_) {
    Task& task = tasks_.at(backing_off_.begin()->second);
    backing_off_.erase(backing_off_.begin());
    BecomeReady(task);
    MakeReady(task);
  }
}

void Scheduler::On(const StopRequested&) {
  stopping_ = true;
  for (auto& [token, slot] : live_) {
    slot.stopping = true;
    Wake(slot.worker);
  }
}

void Scheduler::ApplyLine(LiveSlot& slot, const NumberedLine& numbered) {
  if (numbered.number <= slot.lines_applied) return;
  slot.lines_applied = numbered.number;
  Task& task = tasks_.at(slot.task);
  if (const auto* failed = std::get_if<FailedLine>(&numbered.line))
    return EndByFailure(slot, failed->failure);
  if (const auto* started = std::get_if<StartedLine>(&numbered.line)) {
    if (!std::holds_alternative<Assigned>(task.status)) return;
    Start(task, slot.token);
    effects_.changes.push_back(AttemptStarted{slot.token, *started});
  } else if (const auto* step = std::get_if<StepLine>(&numbered.line)) {
    slot.step = step->step;
    slot.steps = step->steps;
    slot.loss = step->loss;
    slot.images_per_second = step->images_per_second;
  } else if (const auto* epoch = std::get_if<EpochLine>(&numbered.line)) {
    effects_.changes.push_back(EpochRecorded{slot.token, *epoch});
  } else if (const auto* checkpoint = std::get_if<CheckpointLine>(&numbered.line)) {
    effects_.changes.push_back(CheckpointRecorded{slot.token, *checkpoint});
  } else if (!EndBySuccess(slot, numbered)) {
    EndByFailure(
        slot,
        {FailureClass::kTask,
         Format("the trainer ended a task of kind '{}' with a line that does not belong to it",
                NameOf(slot.task.kind))});
  }
}

bool Scheduler::EndBySuccess(LiveSlot& slot, const NumberedLine& numbered) {
  const auto* trained = std::get_if<TrainedLine>(&numbered.line);
  const auto* evaluated = std::get_if<EvaluatedLine>(&numbered.line);
  Task& task = tasks_.at(slot.task);
  const bool fits = slot.task.kind == TaskKind::kTrain ? trained != nullptr : evaluated != nullptr;
  if (!fits || !std::holds_alternative<Running>(task.status)) return false;
  Succeed(task, slot.token);
  if (trained) {
    effects_.changes.push_back(TrainingSucceeded{slot.token, task.spec.trial, *trained});
    NoteWeights(task.spec.trial, *trained);
  } else {
    effects_.changes.push_back(
        EvaluationSucceeded{slot.token, slot.task.Evaluation(), *evaluated, numbered.flags});
  }
  CountIfOver(task);
  Release(LiveSlot(slot));  // A copy: the slot itself goes.
  return true;
}

void Scheduler::EndByFailure(LiveSlot slot, const Failure& failure) {
  Task& task = tasks_.at(slot.task);
  // An end that a person asked for says nothing about the task.
  const bool asked = slot.stopping && failure.kind == FailureClass::kStopped;
  if (IsCharged(failure.kind)) ++task.charged;
  if (!IsCharged(failure.kind) && !asked) ++task.uncharged;
  const Verdict verdict = VerdictOf(failure.kind, task.charged, task.uncharged, slot.token);
  switch (verdict.next) {
    case AfterFailure::kQueued:
      Return(task, slot.token);
      break;
    case AfterFailure::kBackoff: {
      const int64_t ready_ms = now_ms_ + verdict.delay_ms;
      BackOff(task, slot.token, ready_ms);
      backing_off_.emplace(ready_ms, slot.task);
      break;
    }
    case AfterFailure::kFailed:
      Fail(task, slot.token);
      break;
  }
  effects_.changes.push_back(AttemptFailed{.token = slot.token,
                                           .task = slot.task,
                                           .failure = failure,
                                           .next = verdict.next,
                                           .charged = task.charged,
                                           .uncharged = task.uncharged});
  Release(slot);
  CountIfOver(task);
  MakeReady(task);
}

void Scheduler::Release(const LiveSlot& slot) {
  Worker& worker = workers_.at(slot.worker);
  for (const int number : slot.slots) {
    auto& free = number < worker.cpu_slots ? worker.free_cpu_slots : worker.free_gpu_slots;
    CHECK(free.insert(number).second);
  }
  CHECK(worker.attempts.erase(slot.token) == 1);
  Wake(slot.worker);
  CHECK(live_.erase(slot.token) == 1);
}

void Scheduler::LoseWorker(const WorkerId& id, const std::string& reason) {
  const std::set<Token> attempts = workers_.at(id).attempts;
  for (const Token token : attempts) {
    EndByFailure(live_.at(token),
                 {FailureClass::kLost, Format("worker {}: {}", ShortHex(id), reason)});
  }
  workers_.erase(id);
  effects_.changes.push_back(WorkerLeft{id, reason});
}

void Scheduler::AssignReadyTasks() {
  if (stopping_) return;
  for (const bool gpu : {false, true}) {
    while (AssignFirst(gpu)) {
    }
  }
}

// The first task waits for as many slots as it needs, and keeps those behind it from taking them
// one by one. One that is wider than every worker stands in nobody's way.
bool Scheduler::AssignFirst(bool gpu) {
  std::set<ReadyKey>* first = nullptr;
  for (auto& [need, ready] : ready_) {
    if (need.gpu != gpu || ready.empty() || !FitsSomeWorker(need)) continue;
    if (!first || *ready.begin() < *first->begin()) first = &ready;
  }
  if (!first || !AssignTask(tasks_.at(std::get<TaskId>(*first->begin())))) return false;
  first->erase(first->begin());
  return true;
}

bool Scheduler::FitsSomeWorker(const Need& need) const {
  return std::ranges::any_of(workers_, [&](const auto& entry) {
    const Worker& worker = entry.second;
    return need.slots <= (need.gpu ? worker.gpu_slots : worker.cpu_slots);
  });
}

bool Scheduler::AssignTask(Task& task) {
  for (auto& [id, worker] : workers_) {
    auto& free = task.spec.needs_gpu ? worker.free_gpu_slots : worker.free_cpu_slots;
    const auto wanted = static_cast<size_t>(task.spec.slots);
    if (free.size() < wanted) continue;
    const auto end = std::next(free.begin(), task.spec.slots);
    const std::vector<int> slots(free.begin(), end);
    free.erase(free.begin(), end);
    const Token token{++newest_token_.value};
    Assign(task, token);
    worker.attempts.insert(token);
    live_.emplace(token,
                  LiveSlot{.token = token, .task = task.spec.id, .worker = id, .slots = slots});
    effects_.changes.push_back(AttemptAssigned{.token = token,
                                               .task = task.spec.id,
                                               .number = task.attempts,
                                               .worker = id,
                                               .slots = slots});
    Wake(id);
    return true;
  }
  return false;
}

void Scheduler::Wake(const WorkerId& worker) {
  if (std::ranges::find(effects_.wake, worker) == effects_.wake.end())
    effects_.wake.push_back(worker);
}

std::vector<const LiveSlot*> Scheduler::Desired(const WorkerId& id) const {
  std::vector<const LiveSlot*> desired;
  for (const Token token : workers_.at(id).attempts) desired.push_back(&live_.at(token));
  return desired;
}

bool Scheduler::Settled() const {
  return live_.empty() &&
         (stopping_ || (backing_off_.empty() && std::ranges::all_of(ready_, [](const auto& entry) {
                          return entry.second.empty();
                        })));
}

std::optional<int64_t> Scheduler::NextDeadlineMs() const {
  std::optional<int64_t> next;
  const auto consider = [&](int64_t time_ms) { next = next ? std::min(*next, time_ms) : time_ms; };
  if (!backing_off_.empty()) consider(backing_off_.begin()->first);
  for (const auto& [id, worker] : workers_) consider(worker.lease_end_ms);
  return next;
}

TaskCounts Scheduler::Counts() const {
  TaskCounts counts = counts_;
  counts.live = static_cast<int>(live_.size());
  return counts;
}

void Scheduler::CountIfOver(const Task& task) {
  const bool succeeded = std::holds_alternative<Succeeded>(task.status);
  const bool failed = std::holds_alternative<Failed>(task.status);
  if (succeeded) work_done_ += task.spec.work;
  counts_.succeeded += succeeded;
  counts_.failed += failed;
  const bool is_over = succeeded || failed;
  if (!is_over || task.spec.id.kind != TaskKind::kTrain) return;
  for (const TaskId& evaluation : evaluations_[task.spec.trial]) {
    counts_.unreachable += !Runnable(tasks_.at(evaluation));
  }
}

bool Scheduler::Runnable(const Task& task) const {
  return task.spec.id.kind == TaskKind::kTrain ||
         weights_.contains({task.spec.trial, task.spec.checkpoint});
}

void Scheduler::NoteWeights(const TrialId& trial, const TrainedLine& line) {
  if (line.diverged) return;
  weights_.insert({trial, CheckpointRole::kLast});
  if (line.best) weights_.insert({trial, CheckpointRole::kBest});
  for (const TaskId& evaluation : evaluations_[trial]) MakeReady(tasks_.at(evaluation));
}

Scheduler::ReadyKey Scheduler::KeyOf(const Task& task) const {
  return {task.spec.id.kind == TaskKind::kTrain, -task.spec.work, task.ordinal, task.spec.id};
}

void Scheduler::MakeReady(const Task& task) {
  if (std::holds_alternative<Queued>(task.status) && Runnable(task)) {
    ready_[NeedOf(task)].insert(KeyOf(task));
  }
}

void Scheduler::CheckTouched() const {
  for (const WorkerId& id : effects_.wake) {
    const auto worker = workers_.find(id);
    if (worker == workers_.end()) continue;
    for (const Token token : worker->second.attempts) CHECK(live_.at(token).worker == id);
  }
}

void Scheduler::CheckInvariants() const {
  size_t live = 0;
  for (const auto& [id, task] : tasks_) {
    CHECK(id == task.spec.id);
    if (const auto token = LiveToken(task)) {
      ++live;
      CHECK(live_.at(*token).task == id);
    }
    const auto ready = ready_.find(NeedOf(task));
    CHECK((ready != ready_.end() && ready->second.contains(KeyOf(task))) ==
          (std::holds_alternative<Queued>(task.status) && Runnable(task)));
    const auto* backing_off = std::get_if<BackingOff>(&task.status);
    CHECK(!backing_off || backing_off_.contains({backing_off->ready_ms, id}));
    CHECK(task.charged <= kChargedFailuresMax && task.uncharged <= kUnchargedFailuresMax);
  }
  CHECK(live == live_.size());
  size_t held = 0;
  for (const auto& [id, worker] : workers_) {
    std::set<int> used;
    for (const Token token : worker.attempts) {
      ++held;
      const LiveSlot& slot = live_.at(token);
      CHECK(slot.worker == id && token <= newest_token_);
      for (const int number : slot.slots) {
        CHECK(used.insert(number).second);
        CHECK(!worker.free_cpu_slots.contains(number) && !worker.free_gpu_slots.contains(number));
      }
    }
  }
  CHECK(held == live_.size());
}

}  // namespace archsweep
