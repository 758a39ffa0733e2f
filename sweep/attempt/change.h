#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.h"
#include "sweep/attempt/failure.h"
#include "sweep/attempt/progress.h"
#include "sweep/attempt/resource_use.h"
#include "sweep/attempt/task.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// The durable facts about executions. The scheduler decides them, the engine hands all facts of a
// step to the store in one transaction, and only then is anyone told. Facts about an attempt hold
// only under its token; the store checks that the token is the live one of its task and refuses the
// transaction otherwise.

struct WorkerJoined {
  WorkerId worker;
  std::string host;
  int slots = 0;
  int gpu_slots = 0;                    // Of these.
  int64_t memory_bytes = 0;             // Of the host; 0: not known.
  std::vector<int64_t> device_bytes{};  // Of each GPU slot; empty: not known.
  int64_t ends_in_ms = 0;               // When its time is over; 0: no bound.
  std::string version{};                // Of its program; empty: not known.
  friend bool operator==(const WorkerJoined&, const WorkerJoined&) = default;
};

struct WorkerLeft {
  WorkerId worker;
  std::string reason;
  friend bool operator==(const WorkerLeft&, const WorkerLeft&) = default;
};

// The worker is to give back what it has and gets nothing more.
struct WorkerDrained {
  WorkerId worker;
  friend bool operator==(const WorkerDrained&, const WorkerDrained&) = default;
};

// Nothing is given to the workers of a host for some time, for what runs there fails.
struct HostQuarantined {
  std::string host;
  int64_t duration_ms = 0;
  std::string evidence;
  friend bool operator==(const HostQuarantined&, const HostQuarantined&) = default;
};

struct HostReleased {
  std::string host;
  std::string reason;
  friend bool operator==(const HostReleased&, const HostReleased&) = default;
};

// The sweep with its trials, evaluations and tasks, which are queued where they are new. What an
// earlier one of the same name wanted and this one does not is no longer wanted by it.
struct SweepRecorded {
  std::shared_ptr<const ExpandedSweep> sweep;
  friend bool operator==(const SweepRecorded&, const SweepRecorded&) = default;
};

// A paused sweep keeps its tasks and runs none; a cancelled one wants none of them any more.
enum class SweepState { kActive, kPaused, kCancelled };
std::string_view NameOf(SweepState state);
Result<SweepState> ParseSweepState(std::string_view name);

struct SweepStateChanged {
  std::string name;
  SweepState state = SweepState::kActive;
  std::string reason;
  friend bool operator==(const SweepStateChanged&, const SweepStateChanged&) = default;
};

// The task becomes assigned and the token its live one.
struct AttemptAssigned {
  Token token;
  TaskId task;
  int number = 1;  // Of this task's attempts, from 1.
  WorkerId worker;
  std::vector<int> slots;
  int share = 1;            // So many attempts may use each of the slots at once.
  bool in_advance = false;  // The slot is still another attempt's.
  friend bool operator==(const AttemptAssigned&, const AttemptAssigned&) = default;
};

// The task becomes running.
struct AttemptStarted {
  Token token;
  StartedLine line;
  friend bool operator==(const AttemptStarted&, const AttemptStarted&) = default;
};

struct EpochRecorded {
  Token token;
  EpochLine line;
  friend bool operator==(const EpochRecorded&, const EpochRecorded&) = default;
};

struct CheckpointRecorded {
  Token token;
  CheckpointLine line;
  friend bool operator==(const CheckpointRecorded&, const CheckpointRecorded&) = default;
};

// What a live attempt has used so far. It replaces what was recorded before and is no event.
struct UseMeasured {
  Token token;
  ResourceUse use;
  friend bool operator==(const UseMeasured&, const UseMeasured&) = default;
};

// The task becomes succeeded; the trial has weights, or diverged.
struct TrainingSucceeded {
  Token token;
  TrialId trial;
  TrainedLine line;
  std::optional<ResourceUse> use{};  // Nothing: what was recorded before stays.
  friend bool operator==(const TrainingSucceeded&, const TrainingSucceeded&) = default;
};

// The task becomes succeeded; the result is recorded, once for ever.
struct EvaluationSucceeded {
  Token token;
  EvaluationId evaluation;
  EvaluatedLine line;
  std::string flags;                 // The bytes of the flags file.
  std::optional<ResourceUse> use{};  // As of a training.
  friend bool operator==(const EvaluationSucceeded&, const EvaluationSucceeded&) = default;
};

// What becomes of a task whose attempt did not succeed.
// Cancelled: no sweep wants it any more.
enum class AfterFailure { kQueued, kBackoff, kFailed, kCancelled };

struct AttemptFailed {
  Token token;
  TaskId task;
  Failure failure;
  AfterFailure next = AfterFailure::kQueued;
  int charged = 0;                   // Failures charged to the task so far, this one included.
  int uncharged = 0;                 // Likewise, those that were not its fault.
  std::optional<ResourceUse> use{};  // As of a training.
  friend bool operator==(const AttemptFailed&, const AttemptFailed&) = default;
};

// A report under a stale token came; kept for the record only.
struct ReportRefused {
  Token token;
  std::string what;
  friend bool operator==(const ReportRefused&, const ReportRefused&) = default;
};

// A task that waits is cancelled, because no sweep wants it any more.
struct TaskCancelled {
  TaskId task;
  friend bool operator==(const TaskCancelled&, const TaskCancelled&) = default;
};

// A failed or cancelled task is queued again with its counts at zero, because a person asked.
struct TaskRequeued {
  TaskId task;
  friend bool operator==(const TaskRequeued&, const TaskRequeued&) = default;
};

using Change =
    std::variant<WorkerJoined, WorkerLeft, WorkerDrained, HostQuarantined, HostReleased,
                 SweepRecorded, SweepStateChanged, AttemptAssigned, AttemptStarted, EpochRecorded,
                 CheckpointRecorded, UseMeasured, TrainingSucceeded, EvaluationSucceeded,
                 AttemptFailed, ReportRefused, TaskCancelled, TaskRequeued>;

}  // namespace archsweep
