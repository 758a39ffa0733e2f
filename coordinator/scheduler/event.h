#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sweep/attempt/change.h"
#include "sweep/attempt/exchange.h"

namespace archsweep {

struct WorkerRegistered {
  WorkerDescription description;
};
// Only of a worker that Knows() has.
struct WorkerReported {
  WorkerReport report;
};
// Time has passed: leases may have ended and back-offs be over.
struct TimePassed {};
// A person asked to stop: nothing is assigned any more, and live attempts are to keep a checkpoint
// and end.
struct StopRequested {};

// What people ask for. The names are of sweeps and workers that are known (asserted).

// A new sweep, or another version of one: what it adds is queued, what it leaves out is no longer
// wanted by it. One that was cancelled is active again; one that is paused stays so.
struct SweepSubmitted {
  std::shared_ptr<const ExpandedSweep> sweep;
};
struct SweepPaused {
  std::string name;
  std::string reason;
};
struct SweepResumed {
  std::string name;
};
// Attempts that no other sweep wants keep a checkpoint and end, or end `now`.
struct SweepCancelled {
  std::string name;
  bool now = false;
};
// The failed tasks of the sweep are queued again, those of one class or all.
struct TasksRetried {
  std::string name;
  std::optional<FailureClass> failure{};
};
// The worker gives back what it has, gets nothing more and is told to leave.
struct WorkerDrainAsked {
  WorkerId worker;
};
// The end of a quarantine by a person.
struct HostReleaseAsked {
  std::string host;
};

using Event = std::variant<WorkerRegistered, WorkerReported, TimePassed, StopRequested,
                           SweepSubmitted, SweepPaused, SweepResumed, SweepCancelled, TasksRetried,
                           WorkerDrainAsked, HostReleaseAsked>;

// What a step wants done: the changes made durable, in this order, and then the workers told what
// is desired of them.
struct Effects {
  std::vector<Change> changes;
  std::vector<WorkerId>
      wake;  // Whose desired attempts are no longer what they were told; each once.
};

}  // namespace archsweep
