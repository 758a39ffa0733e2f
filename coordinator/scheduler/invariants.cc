// What must hold between steps.

#include <algorithm>

#include "base/check.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/scheduler/transition.h"

namespace archsweep {

void Scheduler::CheckTouched() const {
  for (const WorkerId& id : effects_.wake) {
    if (!fleet_.Knows(id)) continue;
    for (const Token token : fleet_.At(id).attempts) CHECK(live_.at(token).worker == id);
  }
}

void Scheduler::CheckTask(const Task& task) const {
  const bool can_run = std::holds_alternative<Queued>(task.status) && IsRunnable(task);
  bool is_active = false;
  for (const Membership& membership : task.memberships) {
    const Sweep& sweep = sweeps_.at(membership.sweep);
    is_active = is_active || sweep.IsActive();
    CHECK(membership.is_ready == (can_run && sweep.IsActive()));
    CHECK(membership.is_ready ==
          ready_.Contains(GroupOf(task, membership.sweep), KeyOf(task, membership, sweep.queue)));
  }
  CHECK(task.tally == TallyOf(task));
  if (const auto* backing_off = std::get_if<BackingOff>(&task.status)) {
    CHECK(backing_off_.contains({backing_off->ready_ms, task.spec.id}));
  }
  CHECK(task.charged <= kChargedFailuresMax && task.uncharged <= kUnchargedFailuresMax);
  if (const auto token = LiveToken(task)) {
    CHECK(live_.at(*token).task == task.spec.id);
    CHECK(is_active || live_.at(*token).stopping);
    return;
  }
  // What no sweep wants neither waits nor runs.
  const bool waits = std::holds_alternative<Queued>(task.status) ||
                     std::holds_alternative<BackingOff>(task.status);
  CHECK(!waits || IsWanted(task));
}

void Scheduler::CheckSums() const {
  std::map<SweepKey, int> running;
  for (const auto& [token, slot] : live_) {
    CHECK(token == slot.token && token <= newest_token_);
    CHECK(LiveToken(tasks_.at(slot.task)) == token);
    if (slot.sweep >= 0) ++running[slot.sweep];
  }
  for (const auto& [key, sweep] : sweeps_) {
    CHECK(sweep.running == running[key]);
    TaskCounts counts{.total = static_cast<int>(sweep.tasks.size())};
    for (const TaskId& id : sweep.tasks) {
      const Tally tally = tasks_.at(id).tally;
      counts.live += tally == Tally::kLive;
      counts.succeeded += tally == Tally::kSucceeded;
      counts.failed += tally == Tally::kFailed;
      counts.cancelled += tally == Tally::kCancelled;
      counts.unreachable += tally == Tally::kUnreachable;
    }
    CHECK(counts == sweep.counts);
  }
}

void Scheduler::CheckInvariants() const {
  for (const auto& [id, task] : tasks_) {
    CHECK(id == task.spec.id);
    CheckTask(task);
  }
  CheckSums();
  fleet_.CheckInvariants(live_);
  for (const Token token : in_advance_) CHECK(live_.at(token).in_advance);
}

}  // namespace archsweep
