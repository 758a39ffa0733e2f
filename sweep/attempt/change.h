#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "sweep/attempt/failure.h"
#include "sweep/attempt/progress.h"
#include "sweep/attempt/task.h"

namespace archsweep {

// The durable facts about executions. The scheduler decides them, the engine hands all facts of a
// step to the store in one transaction, and only then is anyone told. Facts about an attempt hold
// only under its token; the store checks that the token is the live one of its task and refuses the
// transaction otherwise.

struct WorkerJoined {
  WorkerId worker;
  std::string host;
  int slots = 0;
  friend bool operator==(const WorkerJoined&, const WorkerJoined&) = default;
};

struct WorkerLeft {
  WorkerId worker;
  std::string reason;
  friend bool operator==(const WorkerLeft&, const WorkerLeft&) = default;
};

// The task becomes assigned and the token its live one.
struct AttemptAssigned {
  Token token;
  TaskId task;
  int number = 1;  // Of this task's attempts, from 1.
  WorkerId worker;
  std::vector<int> slots;
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

// The task becomes succeeded; the trial has weights, or diverged.
struct TrainingSucceeded {
  Token token;
  TrialId trial;
  TrainedLine line;
  friend bool operator==(const TrainingSucceeded&, const TrainingSucceeded&) = default;
};

// The task becomes succeeded; the result is recorded, once for ever.
struct EvaluationSucceeded {
  Token token;
  EvaluationId evaluation;
  EvaluatedLine line;
  std::string flags;  // The bytes of the flags file.
  friend bool operator==(const EvaluationSucceeded&, const EvaluationSucceeded&) = default;
};

// What becomes of a task whose attempt did not succeed.
enum class AfterFailure { kQueued, kBackoff, kFailed };

struct AttemptFailed {
  Token token;
  TaskId task;
  Failure failure;
  AfterFailure next = AfterFailure::kQueued;
  int charged = 0;    // Failures charged to the task so far, this one included.
  int uncharged = 0;  // Likewise, those that were not its fault.
  friend bool operator==(const AttemptFailed&, const AttemptFailed&) = default;
};

// A report under a stale token came; kept for the record only.
struct ReportRefused {
  Token token;
  std::string what;
  friend bool operator==(const ReportRefused&, const ReportRefused&) = default;
};

// A failed task is queued again with its counts at zero, because a person asked.
struct TaskRequeued {
  TaskId task;
  friend bool operator==(const TaskRequeued&, const TaskRequeued&) = default;
};

using Change = std::variant<WorkerJoined, WorkerLeft, AttemptAssigned, AttemptStarted,
                            EpochRecorded, CheckpointRecorded, TrainingSucceeded,
                            EvaluationSucceeded, AttemptFailed, ReportRefused, TaskRequeued>;

}  // namespace archsweep
