#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "coordinator/scheduler/scheduler.h"

namespace archsweep {

inline constexpr int64_t kLiveAgeMaxMs = 250;

struct LiveTask {
  TaskId task;
  TrialId trial;
  Token token;
  WorkerId worker;
  bool in_advance = false;
  int64_t step = 0;
  int64_t steps = 0;  // 0 until the trainer has told.
  double loss = 0;
  double images_per_second = 0;
  std::optional<ResourceUse> use{};  // As its worker told last.
};

struct SweepStatus {
  std::string name;
  SweepState state = SweepState::kActive;
  std::string reason;  // Why it is in this state.
  int priority = 0;
  TaskCounts counts;
  double work_total = 0;
  double work_done = 0;  // Of finished tasks.
};

struct WorkerStatus {
  WorkerId worker;
  std::string host;
  int cpu_slots = 0;
  int gpu_slots = 0;
  int attempts = 0;
  bool heard = false;  // Since this coordinator began.
  bool draining = false;
  bool quarantined = false;
  std::string evidence;  // Why its host is.
};

// How all stands after one step of the engine; never changed once it is published.
struct Snapshot {
  TaskCounts counts;  // Of all sweeps that are run together, their work likewise.
  double work_total = 0;
  double work_done = 0;  // Of finished tasks and, in proportion, of live ones.
  std::vector<SweepStatus> sweeps;
  // Where many attempts are live, these two may be kLiveAgeMaxMs old.
  std::vector<LiveTask> live;
  std::vector<WorkerStatus> workers;
  bool settled = false;        // Nothing runs and nothing can run any more.
  std::optional<Error> pause;  // Nothing is recorded for now; tried again by itself.
  std::optional<Error> fatal;  // The engine has given up; nothing more will happen.
};

}  // namespace archsweep
