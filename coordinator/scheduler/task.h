#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/id.h"
#include "sweep/attempt/plan.h"
#include "sweep/attempt/resource_use.h"
#include "sweep/attempt/task.h"

namespace archsweep {

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
struct Cancelled {};  // No sweep wants it.
using TaskStatus =
    std::variant<Queued, BackingOff, Assigned, Running, Succeeded, Failed, Cancelled>;

// Names a sweep within one scheduler; the older sweep has the smaller key.
using SweepKey = int;

// That a sweep wants a task.
struct Membership {
  SweepKey sweep = 0;
  int ordinal = 0;        // Of the task in the sweep; breaks ties.
  bool is_ready = false;  // The task is in the ready queue for this sweep.
};

// How a task counts in the sums of the sweeps that want it.
enum class Tally { kWaiting, kLive, kSucceeded, kFailed, kCancelled, kUnreachable };

struct Task {
  TaskSpec spec;
  TaskStatus status{};
  int attempts = 0;
  int charged = 0;
  int uncharged = 0;
  std::vector<Membership> memberships{};
  Tally tally = Tally::kWaiting;
};

// An attempt that is assigned or running.
struct LiveSlot {
  Token token;
  TaskId task;
  WorkerId worker;
  std::vector<int> slots{};
  SweepKey sweep = -1;          // Against whose limit it counts; -1: none wants it any more.
  int share = 1;                // So many attempts may use each of its slots at once.
  bool in_advance = false;      // Its slot is still another's; it begins when that one has ended.
  bool was_in_advance = false;  // When it was assigned.
  bool stopping = false;
  int64_t lines_applied = 0;  // The highest number of a progress line that took effect.
  int64_t assigned_ms = 0;
  int64_t began_ms = 0;  // When its start was reported.
  int64_t step = 0;      // As of the newest step line.
  int64_t steps = 0;
  double loss = 0;
  double images_per_second = 0;
  std::optional<ResourceUse> use{};  // Newest that its worker told.
  int64_t use_recorded_ms = 0;       // When it was made durable last.
};

}  // namespace archsweep
