// Who gets what.

#include <algorithm>

#include "base/check.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/scheduler/transition.h"

namespace archsweep {

void Scheduler::AssignReadyTasks() {
  if (stopping_ || !std::exchange(may_assign_, false)) return;
  DropKept();
  std::set<ReadyGroup> without_seat;
  const auto blocked = [&](const ReadyGroup& group) {
    const Sweep& sweep = sweeps_.at(group.sweep);
    return sweep.running >= sweep.queue.running_max || without_seat.contains(group);
  };
  while (const auto group = ready_.First(blocked)) {
    if (!AssignFrom(*group)) without_seat.insert(*group);
  }
  std::erase_if(wide_since_,
                [&](const auto& entry) { return !without_seat.contains(entry.first); });
}

// Gives the first task of the group that fits somewhere its seat.
bool Scheduler::AssignFrom(const ReadyGroup& group) {
  const Resources& resources = sweeps_.at(group.sweep).resources;
  const bool is_wide = resources.ranks > 1;
  const bool has_room = fleet_.HasRoom(resources.gpus > 0, resources.ranks, resources.share);
  int tried = 0;
  const TaskId first = ready_.TasksOf(group).begin()->task;
  for (const ReadyKey& key : ready_.TasksOf(group)) {
    if (!has_room || ++tried > kCandidatesMax) break;
    Task& task = tasks_.at(key.task);
    const Need need = NeedOf(task, group.sweep);
    const auto& kept = kept_[need.gpu];
    const bool is_kept_for = kept && kept->task == key.task;
    auto seat = is_kept_for ? fleet_.SeatOn(kept->worker, need, now_ms_) : std::nullopt;
    if (!seat) seat = fleet_.FindSeat(need, WishOf(task, need.gpu), now_ms_);
    if (!seat) continue;
    Assign(task, group.sweep, need, *seat);
    return true;
  }
  if (!is_wide) return false;
  const int64_t since_ms = wide_since_.try_emplace(group, now_ms_).first->second;
  if (since_ms + kReserveAfterMs <= now_ms_) {
    const Task& task = tasks_.at(first);
    KeepWorkerFor(task, group.sweep, NeedOf(task, group.sweep));
  }
  return false;
}

void Scheduler::Assign(Task& task, SweepKey sweep, const Need& need, const Seat& seat) {
  const Token token{++newest_token_.value};
  archsweep::Assign(task, token);
  fleet_.Take(seat, token, need);
  live_.emplace(token, LiveSlot{.token = token,
                                .task = task.spec.id,
                                .worker = seat.worker,
                                .slots = seat.slots,
                                .sweep = sweep,
                                .share = need.share,
                                .in_advance = seat.in_advance,
                                .was_in_advance = seat.in_advance,
                                .assigned_ms = now_ms_,
                                .began_ms = now_ms_});
  ++sweeps_.at(sweep).running;
  if (seat.in_advance) in_advance_.insert(token);
  Trace& trace = traces_[task.spec.id];
  trace.worker = seat.worker;
  trace.host = fleet_.At(seat.worker).host;
  if (auto& kept = kept_[need.gpu]; kept && kept->task == task.spec.id) kept.reset();
  effects_.changes.push_back(AttemptAssigned{.token = token,
                                             .task = task.spec.id,
                                             .number = task.attempts,
                                             .worker = seat.worker,
                                             .slots = seat.slots,
                                             .share = need.share,
                                             .in_advance = seat.in_advance});
  Wake(seat.worker);
  Refresh(task);
}

Need Scheduler::NeedOf(const Task& task, SweepKey sweep) const {
  const Resources& resources = sweeps_.at(sweep).resources;
  Need need{.gpu = resources.gpus > 0,
            .slots = resources.ranks,
            .share = resources.share,
            .memory = task.spec.memory,
            .can_resume = task.spec.id.kind == TaskKind::kTrain,
            .expected_ms = pace_.ExpectedMs(task.spec.id.kind, resources.gpus > 0, task.spec.work)};
  const auto trace = traces_.find(task.spec.id);
  if (trace == traces_.end() || !trace->second.ran_out) return need;
  need.share = 1;
  need.more_than = trace->second.more_than;
  return need;
}

// A task goes on best where its newest checkpoint was written, an evaluation where its network was
// trained.
Fleet::Wish Scheduler::WishOf(const Task& task, bool gpu) const {
  Fleet::Wish wish;
  if (kept_[gpu]) wish.kept = kept_[gpu]->worker;
  auto trace = traces_.find(task.spec.id);
  if (trace != traces_.end()) wish.avoided = trace->second.avoided;
  if (trace == traces_.end()) trace = traces_.find(TaskId::Train(task.spec.trial));
  if (trace == traces_.end()) return wish;
  wish.last = trace->second.worker;
  wish.host = trace->second.host;
  return wish;
}

// One worker of a kind at a time, so that waiting for a wide task never idles more than that.
void Scheduler::KeepWorkerFor(const Task& task, SweepKey sweep, const Need& need) {
  auto& kept = kept_[need.gpu];
  if (kept) return;
  const auto worker = fleet_.BestToKeep(need, now_ms_);
  if (worker) kept = Kept{*worker, task.spec.id, sweep};
}

// Nothing is kept for a task that does not wait any more, or that its worker cannot take.
void Scheduler::DropKept() {
  for (auto& kept : kept_) {
    if (!kept) continue;
    const Task& task = tasks_.at(kept->task);
    const auto membership = std::ranges::find(task.memberships, kept->sweep, &Membership::sweep);
    const bool waits = membership != task.memberships.end() && membership->is_ready;
    const bool can = waits && fleet_.Knows(kept->worker) && fleet_.At(kept->worker).Takes() &&
                     fleet_.At(kept->worker).CouldHold(NeedOf(task, kept->sweep), now_ms_);
    if (!can) kept.reset();
  }
}

// Those that wait behind an attempt that takes longer than expected go elsewhere.
void Scheduler::TakeBackFromAdvance() {
  for (const Token token : std::set<Token>(in_advance_)) {
    const LiveSlot& slot = live_.at(token);
    if (slot.assigned_ms + kAdvanceWaitMaxMs > now_ms_) break;
    EndByFailure(slot, {FailureClass::kStopped, "it was not begun in time"}, false);
  }
}

}  // namespace archsweep
