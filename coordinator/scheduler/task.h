#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "sweep/attempt/failure.h"
#include "sweep/attempt/task.h"
#include "sweep/trial/evaluation.h"

namespace archsweep {

// What the scheduler knows of a task from the start.
struct TaskSpec {
  TaskId id;
  TrialId trial;                                      // The trial that is trained or evaluated.
  CheckpointRole checkpoint = CheckpointRole::kLast;  // That an evaluation needs.
  double work = 0;  // Expected multiply-accumulates; decides order and remaining time.
  bool needs_gpu = false;
  int slots = 1;  // All of one worker and of one kind.
};

// The status of a task. An evaluation is queued from the start but runnable only once its trial has
// weights.
struct Queued {};
struct BackingOff {
  int64_t ready_ms = 0;
};
struct Assigned {
  Token token;
};
struct Running {
  Token token;
};
struct Succeeded {};
struct Failed {};
using TaskStatus = std::variant<Queued, BackingOff, Assigned, Running, Succeeded, Failed>;

struct Task {
  TaskSpec spec;
  int ordinal = 0;  // In the sweep; breaks ties.
  TaskStatus status{};
  int attempts = 0;
  int charged = 0;
  int uncharged = 0;
};

// An attempt that is assigned or running.
struct LiveSlot {
  Token token;
  TaskId task;
  WorkerId worker;
  std::vector<int> slots{};
  int64_t lines_applied = 0;  // The highest number of a progress line that took effect.
  bool stopping = false;
  int64_t step = 0;  // As of the newest step line.
  int64_t steps = 0;
  double loss = 0;
  double images_per_second = 0;
};

}  // namespace archsweep
