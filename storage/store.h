#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_lock.h"
#include "base/result.h"
#include "sweep/attempt/change.h"
#include "sweep/attempt/job.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

inline constexpr const char* kDatabaseFile = "archsweep.db";  // In the state folder.

enum class TaskState { kQueued, kBackoff, kAssigned, kRunning, kSucceeded, kFailed };

std::string_view NameOf(TaskState state);
Result<TaskState> ParseTaskState(std::string_view name);

// An attempt that was assigned and has no end in the store.
struct LiveAttempt {
  Token token;
  WorkerId worker;
};

// A task as the store knows it.
struct StoredTask {
  TaskId id;
  TrialId trial;  // The trial to be trained or evaluated.
  TaskState state = TaskState::kQueued;
  int attempts = 0;  // So far.
  int charged = 0;   // Failures that count against its budget.
  int uncharged = 0;
  std::optional<LiveAttempt> live;  // Set exactly where state is kAssigned or kRunning.
};

// What a training left for evaluations.
struct StoredTraining {
  bool diverged = false;
  std::optional<CheckpointRef> weights;  // Absent if diverged.
  std::optional<CheckpointRef> best;     // Where the recipe selects.
};

// Everything a scheduler needs to go on with one sweep.
struct StoredSweep {
  std::vector<StoredTask> tasks;  // Trainings in the order of the sweep, then evaluations likewise.
  std::map<TrialId, StoredTraining> trainings;
  Token newest_token;  // Of the whole database; new tokens are larger.
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

  // Applies all changes in one transaction, or none. kCorrupt if one contradicts the database, such
  // as an attempt's fact under a token that is not its task's live one: a bug or a second writer,
  // after which the caller must stop.
  Status Commit(std::span<const Change> changes);

  // The wanted tasks of a sweep. kNotFound: it was never submitted.
  Result<StoredSweep> Load(const std::string& sweep_name);

  // How often a coordinator has opened this database, this time included.
  int64_t Epoch() const;

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace archsweep
