#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/scheduler/task.h"
#include "sweep/attempt/change.h"

namespace archsweep {

struct TaskCounts {
  int total = 0;
  int succeeded = 0;
  int failed = 0;
  int live = 0;  // Assigned or running.
  int cancelled = 0;
  int unreachable = 0;  // Evaluations whose training is over and left no weights for them.

  int Waiting() const { return total - succeeded - failed - live - cancelled - unreachable; }
  TaskCounts& operator+=(const TaskCounts& other) {
    total += other.total;
    succeeded += other.succeeded;
    failed += other.failed;
    live += other.live;
    cancelled += other.cancelled;
    unreachable += other.unreachable;
    return *this;
  }
  friend bool operator==(const TaskCounts&, const TaskCounts&) = default;
};

// A sweep as the scheduler knows it.
struct Sweep {
  std::string name;
  Resources resources;
  QueuePolicy queue;
  SweepState state = SweepState::kActive;
  std::string reason;         // Why it is in this state.
  bool left_out = false;      // This scheduler leaves it as it is, for it was told to run another.
  std::vector<TaskId> tasks;  // That it wants, in its order.
  TaskCounts counts;
  int running = 0;           // Attempts that count against its limit.
  int storage_failures = 0;  // In a row.
  double work_total = 0;     // In the unit of TaskSpec::work.
  double work_done = 0;      // Of tasks that succeeded.

  bool IsActive() const { return state == SweepState::kActive && !left_out; }
  // Nothing of it runs, and nothing will without an event from a person.
  bool IsSettled() const { return counts.live == 0 && (!IsActive() || counts.Waiting() == 0); }
};

}  // namespace archsweep
