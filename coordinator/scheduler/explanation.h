#pragma once

#include <string>
#include <vector>

namespace archsweep {

// Why a task stands as it does, for people and for programs.
enum class ReasonKind {
  kDone,
  kRunning,
  kInAdvance,  // Assigned, and its slot is still another's.
  kStopping,
  kFailed,
  kCancelled,
  kBackoff,
  kNeedsTraining,  // The weights are not there yet.
  kNoWeights,      // And will not be.
  kPaused,
  kLeftOut,     // This coordinator runs another sweep.
  kLimit,       // The sweep runs as many as it may.
  kNoWorker,    // None at all, or none of its kind.
  kTooWide,     // No worker has so many slots.
  kMemory,      // No worker has so much memory.
  kTime,        // No worker has so much time left.
  kQuarantine,  // Those that could take it are left alone for a while.
  kDraining,    // Or take no more.
  kBehind,      // Others come first.
  kKept,        // A worker is being kept free for it.
  kSlotsBusy,
};

struct Reason {
  ReasonKind kind = ReasonKind::kSlotsBusy;
  std::string text;  // A sentence, with the evidence.
};

struct Explanation {
  std::string status;  // Of the task, as in the store.
  int attempts = 0;
  int charged = 0;
  int uncharged = 0;
  std::vector<Reason> reasons;  // At least one; the most telling first.
};

// "too_wide"; stable, for programs.
const char* NameOf(ReasonKind kind);

}  // namespace archsweep
