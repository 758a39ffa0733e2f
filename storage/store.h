#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_lock.h"
#include "base/result.h"
#include "sweep/attempt/change.h"
#include "sweep/attempt/job.h"
#include "sweep/attempt/plan.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

inline constexpr const char* kDatabaseFile = "archsweep.db";  // In the state folder.
inline constexpr const char* kLockFile = "archsweep.lock";    // Likewise.

enum class TaskState { kQueued, kBackoff, kAssigned, kRunning, kSucceeded, kFailed, kCancelled };

std::string_view NameOf(TaskState state);
Result<TaskState> ParseTaskState(std::string_view name);

// An attempt that was assigned and has no end in the store.
struct LiveAttempt {
  Token token;
  WorkerId worker;
  std::vector<int> slots{};
  int share = 1;
  bool in_advance = false;  // When it was assigned.
};

// A task as the store knows it.
struct StoredTask {
  TaskSpec spec;
  TaskState state = TaskState::kQueued;
  int attempts = 0;  // So far.
  int charged = 0;   // Failures that count against its budget.
  int uncharged = 0;
  std::string failure;  // "CLASS: message" of its newest attempt, where the state is kFailed.
  std::optional<LiveAttempt> live;  // Set exactly where state is kAssigned or kRunning.
};

// A sweep as the store knows it.
struct StoredSweep {
  std::string name;
  Resources resources;
  QueuePolicy queue;
  SweepState state = SweepState::kActive;
  std::string reason;         // Why it is in this state.
  std::vector<TaskId> tasks;  // That it wants: trainings in its order, then evaluations likewise.
};

// A worker that has not left. How long it has, counted from now, is in `description`.
struct StoredWorker {
  WorkerJoined description;
  bool draining = false;
};

struct StoredQuarantine {
  std::string host;
  int64_t left_ms = 0;
  std::string evidence;
};

// Everything from which a coordinator goes on.
struct StoredState {
  std::vector<StoredSweep> sweeps;  // The oldest first.
  std::vector<StoredTask> tasks;    // Of all sweeps, wanted or not; each once.
  std::set<WeightsId> weights;      // That are there.
  std::vector<StoredWorker> workers;
  std::vector<StoredQuarantine> quarantined;
  Token newest_token;  // New tokens are larger.
};

// What a sweep wants, in its order.
struct SweepIds {
  std::vector<TrialId> trials;
  std::vector<EvaluationId> evaluations;
};

// The writing side of the database in a state folder. One thread owns it. While it exists it holds
// the folder's kernel lock, so that a second writer is refused.
class Store {
 public:
  // Opens or creates STATE/archsweep.db, brings older schemas up to date (each migration in a
  // transaction, after a copy beside the database) and raises the coordinator epoch. kBusy: another
  // process writes here. kInvalidInput: network file system, or a database of a newer version.
  // kCorrupt: the database is damaged or not archsweep's. `clock` must outlive the store.
  static Result<Store> Open(const std::filesystem::path& state_folder, const Clock& clock);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  // Records a sweep and its tasks in one transaction. Repeating it changes nothing; an edited sweep
  // of the same name gains what is new, and loses the wish for what its file no longer has, but no
  // result.
  Status Submit(const ExpandedSweep& sweep);

  // Applies all changes in one transaction, or none. kUnavailable if another coordinator has opened
  // the database since: it counts now. kCorrupt if one contradicts the database, such
  // as an attempt's fact under a token that is not its task's live one: a bug or a second writer,
  // after which the caller must stop.
  Status Commit(std::span<const Change> changes);

  // All that a coordinator needs to know when it starts.
  Result<StoredState> Load();

  // What the sweep wants now; nothing where there is none of that name.
  Result<SweepIds> Wanted(const std::string& sweep_name);

  // Single configurations, for those that run. kNotFound where there is none.
  Result<TrialSpec> ReadTrial(const TrialId& trial);
  Result<EvaluationSpec> ReadEvaluation(const EvaluationId& evaluation);
  Result<CheckpointRef> ReadWeights(const WeightsId& weights);

  // How often a coordinator has opened this database, this time included.
  int64_t Epoch() const;

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace archsweep
