#pragma once

#include <filesystem>
#include <vector>

#include "base/file_lock.h"
#include "base/id.h"
#include "base/result.h"
#include "sweep/attempt/task.h"
#include "worker/agent/spool.h"

namespace archsweep {

inline constexpr int64_t kTakeOverMs = 5'000;  // For processes of an earlier life to end.
inline constexpr size_t kDeadLivesMax = 100;   // Remembered; a coordinator loses others by time.
inline constexpr size_t kAttemptFoldersKept = 100;  // Of failed attempts, for their logs.

// The agent's own folder on a local disk, held by a kernel lock for as long as the object lives.
// What it holds is listed in README.md.
class WorkFolder {
 public:
  // Makes the folder if missing, locks it, and ends every process that an earlier life of an agent
  // left running. The new life gets a new id, which is on disk when this returns.
  // kBusy if a living agent holds the folder, or if a process does not end.
  static Result<WorkFolder> Open(const std::filesystem::path& path);

  const WorkerId& Worker() const { return lives_.back(); }

  // Lives that ended in this folder and that no coordinator has acknowledged as dead.
  std::vector<WorkerId> DeadLives() const { return {lives_.begin(), lives_.end() - 1}; }

  // What DeadLives() left in their spools, once.
  std::vector<SpooledAttempt> TakeSpools() { return std::move(spools_); }

  // A coordinator has the lines of all spools.
  void RemoveSpools() const;

  // A coordinator knows that all of DeadLives() are dead.
  Status ForgetDeadLives();

  // The coordinator does not know Worker(): it is dead, and a new id lives. To be called when no
  // process of an attempt is left.
  Status BeginNewLife();

  // Where the files of an attempt are; an absolute path.
  std::filesystem::path AttemptFolder(Token token) const;

  // Removes the folders of all attempts but `kept` and the newest kAttemptFoldersKept.
  void RemoveOldAttempts(const std::vector<Token>& kept) const;

 private:
  WorkFolder(std::filesystem::path path, FileLock lock, std::vector<WorkerId> lives,
             std::vector<SpooledAttempt> spools)
      : path_(std::move(path)),
        lock_(std::move(lock)),
        lives_(std::move(lives)),
        spools_(std::move(spools)) {}

  Status WriteLives() const;

  std::filesystem::path path_;
  FileLock lock_;
  std::vector<WorkerId> lives_;  // Oldest first; the last one lives.
  std::vector<SpooledAttempt> spools_;
};

}  // namespace archsweep
