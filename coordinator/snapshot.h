#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "coordinator/scheduler/scheduler.h"

namespace archsweep {

struct LiveTask {
  TaskId task;
  TrialId trial;
  Token token;
  int64_t step = 0;
  int64_t steps = 0;  // 0 until the trainer has told.
  double loss = 0;
  double images_per_second = 0;
};

// How a sweep stands after one step of the engine; never changed once it is published.
struct Snapshot {
  TaskCounts counts;
  double work_total = 0;
  double work_done = 0;  // Of finished tasks and, in proportion, of live ones.
  std::vector<LiveTask> live;
  bool settled = false;        // Nothing runs and nothing can run any more.
  std::optional<Error> pause;  // Nothing is recorded for now; tried again by itself.
  std::optional<Error> fatal;  // The engine has given up; nothing more will happen.
};

}  // namespace archsweep
