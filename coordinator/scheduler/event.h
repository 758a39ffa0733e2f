#pragma once

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

using Event = std::variant<WorkerRegistered, WorkerReported, TimePassed, StopRequested>;

// What a step wants done: the changes made durable, in this order, and then the workers told what
// is desired of them.
struct Effects {
  std::vector<Change> changes;
  std::vector<WorkerId>
      wake;  // Whose desired attempts are no longer what they were told; each once.
};

}  // namespace archsweep
