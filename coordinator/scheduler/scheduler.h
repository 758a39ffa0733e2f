#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "coordinator/scheduler/event.h"
#include "coordinator/scheduler/task.h"

namespace archsweep {

// A task as it is found at the start, from the store.
struct InitialTask {
  TaskSpec spec;
  TaskStatus status;  // Queued, Succeeded, Failed, or Assigned / Running with a live attempt.
  int attempts = 0;
  int charged = 0;
  int uncharged = 0;
  WorkerId worker;  // Of the live attempt.
};

struct InitialState {
  std::vector<InitialTask> tasks;  // In the order of the sweep; ids differ.
  std::set<WeightsId> weights;     // That are there.
  Token newest_token;
};

struct TaskCounts {
  int total = 0;
  int succeeded = 0;
  int failed = 0;
  int live = 0;         // Assigned or running.
  int unreachable = 0;  // Evaluations whose training failed or left no weights for them.
};

// The pure state machine: no clock, socket, file, thread, chance or unordered iteration. One thread
// owns it. Times are milliseconds of one monotonic clock and never fall.
class Scheduler {
 public:
  // A live attempt of `initial` keeps its lease for kLeaseMs, so that its worker can come back.
  Scheduler(const InitialState& initial, int64_t now_ms);

  Effects Step(const Event& event, int64_t now_ms);

  bool Knows(const WorkerId& worker) const { return workers_.contains(worker); }

  // All attempts that the worker shall hold. Pointers hold until the next Step.
  std::vector<const LiveSlot*> Desired(const WorkerId& worker) const;

  // No attempt is live and none can become so without a new event from a person.
  bool Settled() const;

  // When TimePassed should come at the latest; nothing if no lease or back-off is pending.
  std::optional<int64_t> NextDeadlineMs() const;

  TaskCounts Counts() const;
  const std::map<Token, LiveSlot>& Live() const { return live_; }
  const std::map<TaskId, Task>& Tasks() const { return tasks_; }
  double WorkDone() const {
    return work_done_;
  }  // Of tasks that succeeded, in the unit of TaskSpec::work.
  double WorkTotal() const { return work_total_; }

  // Asserts everything that must hold between steps; linear in the number of tasks.
  void CheckInvariants() const;

 private:
  struct Worker {
    std::set<int> free_cpu_slots;
    std::set<int> free_gpu_slots;
    int cpu_slots = 0;
    int gpu_slots = 0;
    int64_t lease_end_ms = 0;
    std::set<Token> attempts;
  };
  // Evaluations first, so that a trained network is measured soon; then the longest first, so that
  // none is left over at the end; then the order of the sweep.
  using ReadyKey = std::tuple<bool, double, int, TaskId>;
  // What a task holds of one worker while it is live.
  struct Need {
    bool gpu = false;
    int slots = 1;
    friend auto operator<=>(const Need&, const Need&) = default;
  };

  void On(const WorkerRegistered& event);
  void On(const WorkerReported& event);
  void On(const TimePassed& event);
  void On(const StopRequested& event);

  void ApplyLine(LiveSlot& slot, const NumberedLine& line);
  bool EndBySuccess(LiveSlot& slot, const NumberedLine& line);
  void EndByFailure(LiveSlot slot, const Failure& failure);
  void Release(const LiveSlot& slot);
  void LoseWorker(const WorkerId& worker, const std::string& reason);
  void AssignReadyTasks();
  bool AssignFirst(bool gpu);
  bool AssignTask(Task& task);
  void Wake(const WorkerId& worker);

  static Need NeedOf(const Task& task) { return {task.spec.needs_gpu, task.spec.slots}; }
  bool FitsSomeWorker(const Need& need) const;
  bool Runnable(const Task& task) const;
  void NoteWeights(const TrialId& trial, const TrainedLine& line);
  ReadyKey KeyOf(const Task& task) const;
  void MakeReady(const Task& task);
  void CountIfOver(const Task& task);
  void Restore(Token token, const TaskId& task, const WorkerId& id);
  void CheckTouched() const;

  std::map<TaskId, Task> tasks_;
  std::map<TrialId, std::vector<TaskId>> evaluations_;  // Of each trial.
  std::set<WeightsId> weights_;                         // That are there.
  std::map<Need, std::set<ReadyKey>> ready_;            // Runnable tasks that are queued.
  std::set<std::pair<int64_t, TaskId>> backing_off_;    // By the time at which they are ready.
  std::map<WorkerId, Worker> workers_;
  std::map<Token, LiveSlot> live_;
  Token newest_token_;
  bool stopping_ = false;
  double work_done_ = 0;
  double work_total_ = 0;
  TaskCounts counts_;  // All but `live`.

  int64_t now_ms_ = 0;  // Of the step under way.
  Effects effects_;     // Likewise.
};

}  // namespace archsweep
