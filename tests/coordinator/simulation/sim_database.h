#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/journal.h"
#include "coordinator/scheduler/task.h"

namespace archsweep {

struct LiveAttemptView {
  Token token;
  TaskId task;
  WorkerId worker;
};

// What the real store would hold, as plain maps: it applies the same facts, refuses the same
// contradictions, and loads the same state. It outlives coordinators. A contradiction or a broken
// promise is kept as a violation.
class SimDatabase {
 public:
  struct Attempt {
    TaskId task;
    WorkerId worker;
    std::vector<int> slots;
    int share = 1;
    bool in_advance = false;
    bool running = false;
    bool ended = false;
    std::set<int64_t> epochs;       // That were recorded,
    std::set<int64_t> checkpoints;  // and steps.
  };

  // All or, where one contradicts what is there, none that counts.
  void Apply(std::span<const Change> changes, int64_t now_ms);

  StoredState Load(int64_t now_ms) const;
  SweepIds Wanted(const std::string& name) const;
  const ExpandedSweep* SweepOf(const std::string& name) const;
  const SweepTrial* TrialOf(const TrialId& trial) const;
  const EvaluationSpec* EvaluationOf(const EvaluationId& evaluation) const;
  bool HasWeights(const WeightsId& weights) const { return weights_.contains(weights); }

  const Attempt* AttemptOf(Token token) const;
  TaskState StateOf(const TaskId& task) const { return tasks_.at(task).state; }
  bool Wants(const TaskId& task) const;  // Some sweep that is not cancelled.
  bool IsDraining(const WorkerId& worker) const;
  bool IsQuarantined(const WorkerId& worker) const;  // Its host.
  bool Knows(const WorkerId& worker) const { return workers_.contains(worker); }
  const WorkerJoined& WorkerOf(const WorkerId& worker) const {
    return workers_.at(worker).description;
  }
  // Until its time is over; nothing where that has no bound.
  std::optional<int64_t> LeftMs(const WorkerId& worker, int64_t now_ms) const;
  // When the end of the quarantine of a host was to come.
  std::optional<int64_t> QuarantineEndMs(const std::string& host) const;
  bool IsActiveSweep(const std::string& name) const;
  std::vector<std::string> PausedSweeps() const;
  std::vector<std::string> ActiveSweepsOf(const TaskId& task) const;
  bool IsActive(const TaskId& task) const { return !ActiveSweepsOf(task).empty(); }
  const std::map<TaskId, StoredTask>& Tasks() const { return tasks_; }
  // Since when the task backs off.
  int64_t BackoffSinceMs(const TaskId& task) const { return backoff_since_ms_.at(task); }
  // A task that waits, was never tried, can run and has what it needs.
  bool IsFresh(const StoredTask& task) const;
  // Whether it says of the task what the scheduler does.
  bool Agrees(const TaskId& id, const Task& task) const;
  std::vector<LiveAttemptView> LiveAttempts() const;
  size_t TasksOfState(TaskState state) const;
  int Results() const { return results_; }

  // What must hold of slots and memberships between transactions.
  void CheckPromises();

  const std::vector<std::string>& Violations() const { return violations_; }
  void Violate(std::string text) { violations_.push_back(std::move(text)); }
  // "running>backoff" with how often.
  const std::map<std::string, int>& Transitions() const { return transitions_; }
  const std::vector<Change>& History() const { return history_; }
  // The same facts again make the same state.
  bool EqualsReplay(int64_t now_ms) const;

 private:
  void Apply(const WorkerJoined& fact);
  void Apply(const WorkerLeft& fact);
  void Apply(const WorkerDrained& fact);
  void Apply(const HostQuarantined& fact);
  void Apply(const HostReleased& fact);
  void Apply(const SweepRecorded& fact);
  void Apply(const SweepStateChanged& fact);
  void Apply(const AttemptAssigned& fact);
  void Apply(const AttemptStarted& fact);
  void Apply(const EpochRecorded& fact);
  void Apply(const CheckpointRecorded& fact);
  void Apply(const UseMeasured& fact);
  void Apply(const TrainingSucceeded& fact);
  void Apply(const EvaluationSucceeded& fact);
  void Apply(const AttemptFailed& fact);
  void Apply(const ReportRefused& fact);
  void Apply(const TaskCancelled& fact);
  void Apply(const TaskRequeued& fact);

  // The live attempt of a token, or null after a violation.
  Attempt* Live(Token token);
  void Succeed(Token token, const TaskId& task);
  void Move(StoredTask& task, TaskState state);
  bool Expect(bool holds, const std::string& text);

  struct Row {
    std::shared_ptr<const ExpandedSweep> file;
    SweepState state = SweepState::kActive;
    std::string reason;
    std::vector<TaskId> tasks;
  };
  std::vector<Row> sweeps_;
  std::map<TaskId, StoredTask> tasks_;
  std::map<TrialId, SweepTrial> trials_;
  std::map<EvaluationId, EvaluationSpec> evaluations_;
  std::map<Token, Attempt> attempts_;
  std::set<WeightsId> weights_;
  std::set<TaskId> done_;
  std::map<TaskId, int64_t> backoff_since_ms_;
  std::map<WorkerId, StoredWorker> workers_;
  std::map<WorkerId, int64_t> joined_ms_;
  std::map<std::string, std::pair<int64_t, std::string>> quarantined_;  // Until when, and why.
  Token newest_;
  int results_ = 0;
  int64_t now_ms_ = 0;
  std::vector<std::string> violations_;
  std::map<std::string, int> transitions_;
  std::vector<Change> history_;
};

}  // namespace archsweep
