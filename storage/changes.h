#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "storage/database.h"
#include "storage/store.h"
#include "sweep/attempt/change.h"

namespace archsweep {

// Writes facts into the tables, each checked against them: a fact that contradicts them is
// kCorrupt, and its transaction must not be committed. Lives within one transaction.
class ChangeWriter {
 public:
  ChangeWriter(Database& database, int64_t epoch, int64_t now_ms)
      : database_(database), epoch_(epoch), now_ms_(now_ms) {}

  Status Write(const Change& change);

 private:
  // A task, or the task whose live attempt has a token.
  struct Task {
    int64_t key = 0;
    TaskId id;
    int64_t trial = 0;                  // Row of its trial.
    std::optional<int64_t> evaluation;  // Row of its evaluation, if it is one.
    TaskState state = TaskState::kQueued;
    int64_t attempts = 0;
  };
  // The row of the task that the fact is about, if it is about one.
  using Subject = Result<std::optional<int64_t>>;

  Subject Apply(const WorkerJoined& fact);
  Subject Apply(const WorkerLeft& fact);
  Subject Apply(const WorkerDrained& fact);
  Subject Apply(const HostQuarantined& fact);
  Subject Apply(const HostReleased& fact);
  Subject Apply(const SweepRecorded& fact);
  Subject Apply(const SweepStateChanged& fact);
  Subject Apply(const AttemptAssigned& fact);
  Subject Apply(const AttemptStarted& fact);
  Subject Apply(const EpochRecorded& fact);
  Subject Apply(const CheckpointRecorded& fact);
  Subject Apply(const UseMeasured& fact);
  Subject Apply(const TrainingSucceeded& fact);
  Subject Apply(const EvaluationSucceeded& fact);
  Subject Apply(const AttemptFailed& fact);
  Subject Apply(const ReportRefused& fact);
  Subject Apply(const TaskCancelled& fact);
  Subject Apply(const TaskRequeued& fact);

  Result<Task> FindTask(const TaskId& id);
  Result<Task> FindLive(Token token);
  // Likewise, and it is the attempt of that task.
  Result<Task> FindLive(Token token, const TaskId& id);
  static Result<Task> ReadTask(const Statement& row);
  Status RecordBest(int64_t trial, const BestCheckpoint& best);
  Status CheckWeights(const Task& task);
  Status EndAttempt(const Task& task, Token token, const std::optional<ResourceUse>& use,
                    const Failure* failure = nullptr);
  Status SetState(const Task& task, TaskState state);
  Status RecordEvent(const Change& change, std::optional<int64_t> task);

  Database& database_;
  int64_t epoch_;
  int64_t now_ms_;
};

}  // namespace archsweep
