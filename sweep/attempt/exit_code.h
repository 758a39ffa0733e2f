#pragma once

namespace archsweep {

// How a trainer leaves. A failure record on the progress pipe counts before the code, the code
// before a signal. Divergence is a result, not a failure.
enum class TrainerExit : int {
  kDone = 0,
  kInternal = 70,       // A bug or an unexpected exception.
  kStorage = 74,        // A checkpoint could not be written.
  kStopped = 75,        // Asked to stop; a checkpoint is kept.
  kCollective = 76,     // Another rank of its gang is gone, or cannot be reached.
  kConfiguration = 78,  // Bad job file, data or weights.
  kOutOfMemory = 86,
};

}  // namespace archsweep
