#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/scheduler/event.h"
#include "coordinator/scheduler/explanation.h"
#include "coordinator/scheduler/fleet.h"
#include "coordinator/scheduler/hosts.h"
#include "coordinator/scheduler/pace.h"
#include "coordinator/scheduler/policy.h"
#include "coordinator/scheduler/ready_queue.h"
#include "coordinator/scheduler/sweeps.h"
#include "coordinator/scheduler/task.h"

namespace archsweep {

// A task as it is found at the start, from the store.
struct InitialTask {
  TaskSpec spec;
  TaskStatus status;
  int attempts = 0;
  int charged = 0;
  int uncharged = 0;
  // Of the live attempt, where the status is Assigned or Running.
  WorkerId worker{};
  std::vector<int> slots{};
  int share = 1;
  bool in_advance = false;  // When it was assigned.
  std::string failure{};    // "CLASS: message" of its newest attempt, where the status is Failed.
};

struct InitialSweep {
  std::string name;
  Resources resources;
  QueuePolicy queue;
  SweepState state = SweepState::kActive;
  std::string reason;
  std::vector<TaskId> tasks;  // That it wants, in its order.
};

struct InitialWorker {
  WorkerJoined description;
  bool draining = false;
};

struct InitialQuarantine {
  std::string host;
  int64_t left_ms = 0;
  std::string evidence;
};

struct InitialState {
  std::vector<InitialTask> tasks;  // Ids differ.
  std::vector<InitialSweep> sweeps;
  std::set<WeightsId> weights;         // That are there.
  std::vector<InitialWorker> workers;  // All that have a live attempt are among them.
  std::vector<InitialQuarantine> quarantined;
  Token newest_token;
  std::optional<std::string> only;  // The one sweep that is run; others stay as they are.
};

// The pure state machine: no clock, socket, file, thread, chance or unordered iteration. One thread
// owns it. Times are milliseconds of one monotonic clock and never fall.
//
// A task runs while any sweep wants it that is active, and each such sweep has it in the queue by
// its own priority, order and needs. What no sweep wants any more is stopped and cancelled.
class Scheduler {
 public:
  // Workers of `initial` keep their leases for kLeaseMs, so that they can come back with what they
  // have; they get nothing new before they are heard.
  Scheduler(const InitialState& initial, int64_t now_ms);

  Effects Step(const Event& event, int64_t now_ms);

  bool Knows(const WorkerId& worker) const { return fleet_.Knows(worker); }

  // All attempts that the worker shall hold. Pointers hold until the next Step.
  std::vector<const LiveSlot*> Desired(const WorkerId& worker) const;
  // The worker is to leave once it holds nothing.
  bool IsDraining(const WorkerId& worker) const { return fleet_.At(worker).draining; }

  // No attempt is live and none can become so without a new event from a person.
  bool Settled() const;

  // When TimePassed should come at the latest; nothing if nothing is pending.
  std::optional<int64_t> NextDeadlineMs() const;

  const Sweep* FindSweep(const std::string& name) const;
  const std::map<SweepKey, Sweep>& Sweeps() const { return sweeps_; }
  const std::map<Token, LiveSlot>& Live() const { return live_; }
  const std::map<TaskId, Task>& Tasks() const { return tasks_; }
  // Its training, if it has one, then its evaluations.
  std::vector<TaskId> TasksOfTrial(const TrialId& trial) const;
  const Fleet& Workers() const { return fleet_; }
  const Hosts& HostRecords() const { return hosts_; }

  // Why the task stands as it does.
  Explanation Explain(const TaskId& task) const;

  // Asserts everything that must hold between steps; linear in the number of tasks.
  void CheckInvariants() const;

 private:
  // What is remembered of the attempts of a task while this scheduler lives.
  struct Trace {
    WorkerId worker;  // Of the newest attempt, and its host.
    std::string host;
    std::string failure;   // How the newest attempt ended, if it did not succeed.
    std::string avoided;   // A host on which it failed.
    bool stalled = false;  // A gang of it hung before.
    bool ran_out = false;  // Of memory, before: it runs alone and on more.
    int64_t more_than = 0;
  };
  // A worker that is kept free for a task that needs several slots.
  struct Kept {
    WorkerId worker;
    TaskId task;
    SweepKey sweep = 0;
  };

  void Restore(const InitialTask& found, Token token);

  void On(const WorkerRegistered& event);
  void On(const WorkerReported& event);
  void On(const TimePassed& event);
  void On(const StopRequested& event);
  void On(const SweepSubmitted& event);
  void On(const SweepPaused& event);
  void On(const SweepResumed& event);
  void On(const SweepCancelled& event);
  void On(const TasksRetried& event);
  void On(const WorkerDrainAsked& event);
  void On(const HostReleaseAsked& event);

  // attempts.cc: what is reported of attempts, and how they end.
  void NoteUse(const WorkerId& worker, const ObservedAttempt& observed);
  void ApplyLine(LiveSlot& slot, const NumberedLine& line);
  void NoteStarted(LiveSlot& slot, const StartedLine& line);
  bool EndBySuccess(LiveSlot& slot, const NumberedLine& line);
  void NoteTrained(const Task& task, const TrainedLine& line);
  void EndByFailure(LiveSlot slot, const Failure& failure, bool counts = true);
  Verdict Blame(Task& task, const LiveSlot& slot, const Failure& failure);
  Verdict OutOfMemory(Task& task, const LiveSlot& slot, Verdict verdict);
  void MoveOn(Task& task, const LiveSlot& slot, const Verdict& verdict);
  void BlameHost(const Task& task, const LiveSlot& slot, const Failure& failure);
  void ApplyStopRules(const Task& task, const Failure& failure);
  void Release(const LiveSlot& slot);
  void LoseWorker(const WorkerId& worker, const std::string& reason);
  void ReleaseHost(const std::string& host, const std::string& reason);

  // steering.cc: what sweeps want.
  SweepKey KeyOfSweep(const std::string& name) const;
  void Join(Task& task, SweepKey key, int ordinal);
  void Leave(Task& task, SweepKey key);
  bool IsWanted(const Task& task) const;    // By a sweep that is not cancelled.
  bool IsRunnable(const Task& task) const;  // Its weights are there, if it needs any.
  void SetState(Sweep& sweep, SweepState state, const std::string& reason);
  void AdoptLive(LiveSlot& slot);
  // Brings the queue, the sums and the wish to run it in line with the task's status and sweeps.
  void Refresh(Task& task);
  void RefreshAll(SweepKey key);
  void RefreshEvaluations(const Task& training);
  void Withdraw(Task& task, bool now);
  void RequeueIfOver(Task& task);
  void Count(const Task& task, const Membership& membership, int sign);
  Tally TallyOf(const Task& task) const;
  void AskToStop(LiveSlot& slot);

  // dispatch.cc: who gets what.
  void AssignReadyTasks();
  bool AssignFrom(const ReadyGroup& group);
  void Assign(Task& task, SweepKey sweep, const Need& need, const Seat& seat);
  Need NeedOf(const Task& task, SweepKey sweep) const;
  Fleet::Wish WishOf(const Task& task, bool gpu) const;
  void KeepWorkerFor(const Task& task, SweepKey sweep, const Need& need);
  void DropKept();
  void TakeBackFromAdvance();

  void Wake(const WorkerId& worker);
  // explain.cc
  std::vector<Reason> WhyWaiting(const Task& task) const;
  void WhyNoSeat(const Task& task, const Membership& membership,
                 std::vector<Reason>& reasons) const;
  // invariants.cc
  void CheckSums() const;
  void CheckTouched() const;
  void CheckTask(const Task& task) const;

  std::map<TaskId, Task> tasks_;
  std::map<TrialId, std::vector<TaskId>> evaluations_;  // Of each trial.
  std::set<WeightsId> weights_;                         // That are there.
  std::map<SweepKey, Sweep> sweeps_;
  std::map<std::string, SweepKey> names_;
  ReadyQueue ready_;
  std::set<std::pair<int64_t, TaskId>> backing_off_;  // By the time at which they are ready.
  Fleet fleet_;
  Hosts hosts_;
  Pace pace_;
  std::map<TaskId, Trace> traces_;
  std::map<Token, LiveSlot> live_;
  std::set<Token> in_advance_;
  std::array<std::optional<Kept>, 2> kept_;   // By kind of slot.
  std::map<ReadyGroup, int64_t> wide_since_;  // When the first of a group of wide tasks had
                                              // to look on.
  Token newest_token_;
  bool stopping_ = false;
  bool may_assign_ = false;  // Something has changed since the last round.

  int64_t now_ms_ = 0;  // Of the step under way.
  Effects effects_;     // Likewise.
};

}  // namespace archsweep
