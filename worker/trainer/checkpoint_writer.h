#pragma once

#include <filesystem>
#include <future>
#include <optional>
#include <thread>

#include "base/result.h"
#include "worker/trainer/checkpoint.h"

namespace archsweep {

// Writes checkpoints on a thread of its own, one at a time, so that training does not wait for the
// disk. Used by one thread; the destructor waits for what is being written.
class CheckpointWriter {
 public:
  // Keeps the newest `kept` in `folder`.
  CheckpointWriter(std::filesystem::path folder, int kept);

  // Whether the last one is still being written, or its outcome has not been taken.
  bool IsBusy() const { return outcome_.valid(); }

  // Begins to write; not while busy (asserted). The writer owns the tensors from then on.
  void Start(Checkpoint checkpoint);

  // The outcome of a write that has ended since; nothing while there is none.
  std::optional<Result<WrittenCheckpoint>> TakeFinished();

  // Waits for the outcome of the write under way. Only while busy (asserted).
  Result<WrittenCheckpoint> Wait();

 private:
  const std::filesystem::path folder_;
  const int kept_;
  std::future<Result<WrittenCheckpoint>> outcome_;
  std::jthread thread_;
};

}  // namespace archsweep
