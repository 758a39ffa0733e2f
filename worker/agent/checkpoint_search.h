#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <thread>

#include "sweep/attempt/job.h"
#include "sweep/attempt/task.h"
#include "worker/agent/wake_event.h"

namespace archsweep {

// NewestCheckpoint on a thread of its own, because it reads whole checkpoints and the agent's
// thread must go on watching. The end of the object ends the search.
class CheckpointSearch {
 public:
  // Raises `wake` when done; `wake` outlives the object.
  CheckpointSearch(const std::filesystem::path& task_folder, TaskKind kind, Token own,
                   const WakeEvent& wake);

  bool Done() const { return done_; }

  // What was found; only once Done().
  const std::optional<CheckpointRef>& Found() const { return found_; }

 private:
  std::optional<CheckpointRef> found_;  // Of the thread until done_.
  std::atomic<bool> done_ = false;
  std::jthread thread_;
};

}  // namespace archsweep
