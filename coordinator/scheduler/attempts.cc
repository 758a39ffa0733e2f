// What is reported of attempts, and how they end.

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/scheduler/transition.h"

namespace archsweep {

// Of an attempt that the worker has; before its lines, so that its end knows what it used.
void Scheduler::NoteUse(const WorkerId& worker, const ObservedAttempt& observed) {
  const auto found = live_.find(observed.token);
  if (!observed.use || found == live_.end() || found->second.worker != worker) return;
  LiveSlot& slot = found->second;
  // A call that was given up may come after the one that followed it.
  if (slot.use && observed.use->wall_ms < slot.use->wall_ms) return;
  slot.use = observed.use;
  if (now_ms_ - std::max(slot.assigned_ms, slot.use_recorded_ms) < kUseRecordMs) return;
  slot.use_recorded_ms = now_ms_;
  effects_.changes.push_back(UseMeasured{slot.token, *slot.use});
}

void Scheduler::ApplyLine(LiveSlot& slot, const NumberedLine& numbered) {
  if (numbered.number <= slot.lines_applied) return;
  slot.lines_applied = numbered.number;
  if (const auto* failed = std::get_if<FailedLine>(&numbered.line)) {
    EndByFailure(slot, failed->failure);
  } else if (const auto* started = std::get_if<StartedLine>(&numbered.line)) {
    NoteStarted(slot, *started);
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

void Scheduler::NoteStarted(LiveSlot& slot, const StartedLine& line) {
  Task& task = tasks_.at(slot.task);
  if (!std::holds_alternative<Assigned>(task.status)) return;
  Start(task, slot.token);
  slot.began_ms = now_ms_;
  in_advance_.erase(slot.token);
  effects_.changes.push_back(AttemptStarted{slot.token, line});
}

bool Scheduler::EndBySuccess(LiveSlot& slot, const NumberedLine& numbered) {
  const auto* trained = std::get_if<TrainedLine>(&numbered.line);
  const auto* evaluated = std::get_if<EvaluatedLine>(&numbered.line);
  Task& task = tasks_.at(slot.task);
  const bool fits = slot.task.kind == TaskKind::kTrain ? trained != nullptr : evaluated != nullptr;
  if (!fits || !std::holds_alternative<Running>(task.status)) return false;
  const FleetWorker& worker = fleet_.At(slot.worker);
  const auto seconds = trained ? trained->seconds : evaluated->seconds;
  pace_.Note(slot.task.kind, slot.slots.front() >= worker.cpu_slots, task.spec.work,
             std::max(now_ms_ - slot.began_ms, static_cast<int64_t>(seconds * 1000)));
  hosts_.NoteSuccess(worker.host);
  for (const Membership& membership : task.memberships) {
    sweeps_.at(membership.sweep).storage_failures = 0;
  }
  Succeed(task, slot.token);
  if (trained) {
    effects_.changes.push_back(TrainingSucceeded{slot.token, task.spec.trial, *trained, slot.use});
  } else {
    effects_.changes.push_back(EvaluationSucceeded{slot.token, slot.task.Evaluation(), *evaluated,
                                                   numbered.flags, slot.use});
  }
  Release(LiveSlot(slot));  // A copy: the slot itself goes.
  Refresh(task);
  if (trained) NoteTrained(task, *trained);
  return true;
}

void Scheduler::NoteTrained(const Task& task, const TrainedLine& line) {
  const TrialId& trial = task.spec.trial;
  if (!line.diverged) weights_.insert({trial, CheckpointRole::kLast});
  if (!line.diverged && line.best) weights_.insert({trial, CheckpointRole::kBest});
  RefreshEvaluations(task);
}

// `counts`: the end says something about the task or its surroundings. One that never began, or
// that a person asked for, does not.
void Scheduler::EndByFailure(LiveSlot slot, const Failure& failure, bool counts) {
  Task& task = tasks_.at(slot.task);
  const bool asked = slot.stopping && failure.kind == FailureClass::kStopped;
  const Verdict verdict = counts && !asked ? Blame(task, slot, failure) : Verdict{};
  Trace& trace = traces_[slot.task];
  trace.failure = Format("{}: {}", NameOf(failure.kind), failure.message);
  MoveOn(task, slot, verdict);
  const bool is_cancelled = std::holds_alternative<Cancelled>(task.status);
  effects_.changes.push_back(
      AttemptFailed{.token = slot.token,
                    .task = slot.task,
                    .failure = failure,
                    .next = is_cancelled ? AfterFailure::kCancelled : verdict.next,
                    .charged = task.charged,
                    .uncharged = task.uncharged,
                    .use = slot.use});
  if (counts && !asked && failure.kind != FailureClass::kLost) BlameHost(task, slot, failure);
  Release(slot);
  Refresh(task);
  RefreshEvaluations(task);
  ApplyStopRules(task, failure);
}

Verdict Scheduler::Blame(Task& task, const LiveSlot& slot, const Failure& failure) {
  Trace& trace = traces_[slot.task];
  bool charged = IsCharged(failure.kind);
  if (failure.kind == FailureClass::kStalled && slot.slots.size() > 1) {
    // A gang that hangs is first the fault of where it ran; it is tried elsewhere.
    charged = std::exchange(trace.stalled, true);
  }
  ++(charged ? task.charged : task.uncharged);
  if (charged || failure.kind == FailureClass::kStalled) {
    trace.avoided = fleet_.At(slot.worker).host;
  }
  const Verdict verdict = VerdictOf(failure.kind, task.charged, task.uncharged, slot.token);
  return failure.kind == FailureClass::kOutOfMemory ? OutOfMemory(task, slot, verdict) : verdict;
}

// It is tried once more where it has more memory, or the device for itself; otherwise the same
// would happen again.
Verdict Scheduler::OutOfMemory(Task& task, const LiveSlot& slot, Verdict verdict) {
  Trace& trace = traces_[slot.task];
  if (verdict.next == AfterFailure::kFailed || std::exchange(trace.ran_out, true)) {
    return {.next = AfterFailure::kFailed};
  }
  const FleetWorker& worker = fleet_.At(slot.worker);
  const bool shared = slot.share > 1;
  const int first = slot.slots.front();
  const bool gpu = first >= worker.cpu_slots;
  const int64_t had = gpu ? worker.DeviceBytes(first) : worker.memory_bytes;
  if (shared) return verdict;
  Need need{.gpu = gpu,
            .slots = static_cast<int>(slot.slots.size()),
            .memory = task.spec.memory,
            .more_than = had};
  const bool others_have_more =
      had > 0 && std::ranges::any_of(fleet_.Workers(), [&](const auto& entry) {
        return entry.second.CouldHold(need, now_ms_);
      });
  if (!others_have_more) return {.next = AfterFailure::kFailed};
  trace.more_than = had;
  return verdict;
}

void Scheduler::MoveOn(Task& task, const LiveSlot& slot, const Verdict& verdict) {
  if (verdict.next == AfterFailure::kFailed) return Fail(task, slot.token);
  if (!IsWanted(task)) return CancelLive(task, slot.token);
  if (verdict.next == AfterFailure::kQueued) return Return(task, slot.token);
  const int64_t ready_ms = now_ms_ + verdict.delay_ms;
  BackOff(task, slot.token, ready_ms);
  backing_off_.emplace(ready_ms, slot.task);
}

void Scheduler::BlameHost(const Task& task, const LiveSlot& slot, const Failure& failure) {
  if (!BlamesHost(failure.kind)) return;
  const std::string host = fleet_.At(slot.worker).host;
  if (!hosts_.NoteFailure(host, task.spec.trial, failure.message)) return;
  // Where there is no other, the cause may as well be what all have in common.
  if (fleet_.HostsThatTake() < 2) return;
  const std::string evidence = hosts_.EvidenceOf(host);
  hosts_.Quarantine(host, now_ms_ + kQuarantineMs, evidence);
  fleet_.Ban(host, true);
  effects_.changes.push_back(HostQuarantined{host, kQuarantineMs, evidence});
}

void Scheduler::ApplyStopRules(const Task& task, const Failure& failure) {
  for (const Membership& membership : std::vector<Membership>(task.memberships)) {
    Sweep& sweep = sweeps_.at(membership.sweep);
    if (!sweep.IsActive()) continue;
    if (failure.kind == FailureClass::kStorage && ++sweep.storage_failures >= kStorageFailuresMax) {
      sweep.storage_failures = 0;
      SetState(sweep, SweepState::kPaused, "storage: " + failure.message);
      RefreshAll(membership.sweep);
    } else if (std::holds_alternative<Failed>(task.status) &&
               sweep.counts.failed > sweep.queue.failed_max) {
      SetState(sweep, SweepState::kPaused,
               Format("{} tasks have failed, which is more than failed_max", sweep.counts.failed));
      RefreshAll(membership.sweep);
    }
  }
}

void Scheduler::Release(const LiveSlot& slot) {
  const int64_t memory = tasks_.at(slot.task).spec.memory;
  const auto next = fleet_.GiveUp(slot.worker, slot, memory);
  in_advance_.erase(slot.token);
  if (slot.sweep >= 0) --sweeps_.at(slot.sweep).running;
  if (next) {
    LiveSlot& follower = live_.at(*next);
    follower.in_advance = false;
    in_advance_.erase(*next);
    const Need need = NeedOf(tasks_.at(follower.task), std::max(follower.sweep, 0));
    const bool gpu = follower.slots.front() >= fleet_.At(slot.worker).cpu_slots;
    fleet_.Take({slot.worker, follower.slots, false}, *next,
                {.gpu = gpu,
                 .memory = tasks_.at(follower.task).spec.memory,
                 .expected_ms = need.expected_ms});
  }
  Wake(slot.worker);
  CHECK(live_.erase(slot.token) == 1);
  may_assign_ = true;
}

}  // namespace archsweep
