// Why a task stands as it does.

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/scheduler/transition.h"

namespace archsweep {
namespace {

struct StatusName {
  std::string operator()(const Queued&) const { return "queued"; }
  std::string operator()(const BackingOff&) const { return "backoff"; }
  std::string operator()(const Assigned&) const { return "assigned"; }
  std::string operator()(const Running&) const { return "running"; }
  std::string operator()(const Succeeded&) const { return "succeeded"; }
  std::string operator()(const Failed&) const { return "failed"; }
  std::string operator()(const Cancelled&) const { return "cancelled"; }
};

std::string Seconds(int64_t ms) { return HumanDuration(static_cast<double>(ms) / 1000); }

}  // namespace

const char* NameOf(ReasonKind kind) {
  switch (kind) {
    case ReasonKind::kDone:
      return "done";
    case ReasonKind::kRunning:
      return "running";
    case ReasonKind::kInAdvance:
      return "in_advance";
    case ReasonKind::kStopping:
      return "stopping";
    case ReasonKind::kFailed:
      return "failed";
    case ReasonKind::kCancelled:
      return "cancelled";
    case ReasonKind::kBackoff:
      return "backoff";
    case ReasonKind::kNeedsTraining:
      return "needs_training";
    case ReasonKind::kNoWeights:
      return "no_weights";
    case ReasonKind::kPaused:
      return "paused";
    case ReasonKind::kLeftOut:
      return "left_out";
    case ReasonKind::kLimit:
      return "limit";
    case ReasonKind::kNoWorker:
      return "no_worker";
    case ReasonKind::kTooWide:
      return "too_wide";
    case ReasonKind::kMemory:
      return "memory";
    case ReasonKind::kTime:
      return "time";
    case ReasonKind::kQuarantine:
      return "quarantine";
    case ReasonKind::kDraining:
      return "draining";
    case ReasonKind::kBehind:
      return "behind";
    case ReasonKind::kKept:
      return "kept";
    case ReasonKind::kSlotsBusy:
      return "slots_busy";
  }
  return "";
}

Explanation Scheduler::Explain(const TaskId& id) const {
  const Task& task = tasks_.at(id);
  Explanation why{.status = std::visit(StatusName(), task.status),
                  .attempts = task.attempts,
                  .charged = task.charged,
                  .uncharged = task.uncharged,
                  .reasons = {}};
  const auto trace = traces_.find(id);
  const std::string failure = trace == traces_.end() ? "" : trace->second.failure;
  if (std::holds_alternative<Succeeded>(task.status)) {
    why.reasons.push_back({ReasonKind::kDone, Format("done, in attempt {}", task.attempts)});
  } else if (std::holds_alternative<Failed>(task.status)) {
    why.reasons.push_back(
        {ReasonKind::kFailed, Format("failed after {} attempts; the last: {}", task.attempts,
                                     failure.empty() ? "not known any more" : failure)});
  } else if (std::holds_alternative<Cancelled>(task.status)) {
    why.reasons.push_back({ReasonKind::kCancelled, "no sweep wants it"});
  } else if (const auto* backing_off = std::get_if<BackingOff>(&task.status)) {
    why.reasons.push_back(
        {ReasonKind::kBackoff,
         Format("waits {} more after: {}", Seconds(backing_off->ready_ms - now_ms_), failure)});
  } else if (const auto token = LiveToken(task)) {
    const LiveSlot& slot = live_.at(*token);
    const std::string where =
        Format("attempt {} (token {}) on worker {} of {}", task.attempts, token->value,
               ShortHex(slot.worker), fleet_.At(slot.worker).host);
    const ReasonKind kind = slot.stopping     ? ReasonKind::kStopping
                            : slot.in_advance ? ReasonKind::kInAdvance
                                              : ReasonKind::kRunning;
    const char* does = slot.stopping     ? "is being stopped: "
                       : slot.in_advance ? "begins when its slot is free: "
                                         : "runs: ";
    why.reasons.push_back({kind, does + where});
  } else {
    why.reasons = WhyWaiting(task);
  }
  return why;
}

std::vector<Reason> Scheduler::WhyWaiting(const Task& task) const {
  if (task.tally == Tally::kUnreachable) {
    return {{ReasonKind::kNoWeights, "its training is over and left no such weights"}};
  }
  if (!IsRunnable(task)) {
    const Task& training = tasks_.at(TaskId::Train(task.spec.trial));
    return {{ReasonKind::kNeedsTraining,
             Format("its training is {}", std::visit(StatusName(), training.status))}};
  }
  std::vector<Reason> reasons;
  for (const Membership& membership : task.memberships) {
    const Sweep& sweep = sweeps_.at(membership.sweep);
    if (sweep.left_out) {
      reasons.push_back({ReasonKind::kLeftOut, Format("sweep '{}' is not run now", sweep.name)});
    } else if (sweep.state == SweepState::kPaused) {
      reasons.push_back(
          {ReasonKind::kPaused, Format("sweep '{}' is paused: {}", sweep.name, sweep.reason)});
    } else if (sweep.IsActive() && sweep.running >= sweep.queue.running_max) {
      reasons.push_back({ReasonKind::kLimit, Format("sweep '{}' runs {} tasks, as many as it may",
                                                    sweep.name, sweep.running)});
    } else if (sweep.IsActive()) {
      WhyNoSeat(task, membership, reasons);
    }
  }
  if (reasons.empty()) reasons.push_back({ReasonKind::kSlotsBusy, "it is about to be placed"});
  return reasons;
}

// What the workers lack, each worker counted for the first thing that it does.
void Scheduler::WhyNoSeat(const Task& task, const Membership& membership,
                          std::vector<Reason>& reasons) const {
  const Need need = NeedOf(task, membership.sweep);
  std::map<ReasonKind, int> counts;
  for (const auto& [id, worker] : fleet_.Workers()) {
    if (worker.SlotsOf(need.gpu) == 0) {
      ++counts[ReasonKind::kNoWorker];
    } else if (worker.SlotsOf(need.gpu) < need.slots) {
      ++counts[ReasonKind::kTooWide];
    } else if (!worker.HasTimeFor(need, now_ms_)) {
      ++counts[ReasonKind::kTime];
    } else if (!worker.CouldHold(need, now_ms_)) {
      ++counts[ReasonKind::kMemory];
    } else if (worker.banned) {
      ++counts[ReasonKind::kQuarantine];
    } else if (worker.draining) {
      ++counts[ReasonKind::kDraining];
    } else {
      ++counts[ReasonKind::kSlotsBusy];
    }
  }
  const char* const kind = need.gpu ? "GPU" : "processor";
  const auto count = [&](ReasonKind reason) {
    const auto found = counts.find(reason);
    return found == counts.end() ? 0 : found->second;
  };
  const auto say = [&](ReasonKind reason, const std::string& text) {
    if (count(reason) > 0) reasons.push_back({reason, text});
  };
  if (count(ReasonKind::kSlotsBusy) > 0) {
    const auto before =
        ready_.CountBefore(KeyOf(task, membership, sweeps_.at(membership.sweep).queue));
    reasons.push_back({before > 0 ? ReasonKind::kBehind : ReasonKind::kSlotsBusy,
                       Format("{} workers could take it and have no {} {} slots free; {} tasks "
                              "come first",
                              count(ReasonKind::kSlotsBusy), need.slots, kind, before)});
    const auto& kept = kept_[need.gpu];
    if (kept && kept->task == task.spec.id) {
      reasons.push_back(
          {ReasonKind::kKept, Format("worker {} is kept free for it", ShortHex(kept->worker))});
    }
    return;
  }
  if (fleet_.Workers().empty() || counts.size() == 1) {
    say(ReasonKind::kNoWorker, Format("no worker has {} slots", kind));
  }
  if (fleet_.Workers().empty()) reasons.push_back({ReasonKind::kNoWorker, "there is no worker"});
  say(ReasonKind::kTooWide, Format("it needs {} {} slots of one worker, and {} workers have fewer",
                                   need.slots, kind, count(ReasonKind::kTooWide)));
  say(ReasonKind::kMemory,
      Format("it needs {:.1f} GB{}, and {} workers have less",
             static_cast<double>(need.memory) / 1e9,
             need.more_than > 0 ? " and more than where it ran out of memory" : "",
             count(ReasonKind::kMemory)));
  say(ReasonKind::kTime, Format("{} workers end too soon for it", count(ReasonKind::kTime)));
  for (const auto& [id, worker] : fleet_.Workers()) {
    if (!worker.banned || !worker.CouldHold(need, now_ms_)) continue;
    reasons.push_back(
        {ReasonKind::kQuarantine,
         Format("{} is left alone for {} more: {}", worker.host,
                Seconds(hosts_.EndMsOf(worker.host) - now_ms_), hosts_.ReasonOf(worker.host))});
    break;
  }
  say(ReasonKind::kDraining, Format("{} workers are being drained", count(ReasonKind::kDraining)));
}

}  // namespace archsweep
