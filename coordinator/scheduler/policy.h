#pragma once

#include <cstdint>

#include "sweep/attempt/change.h"
#include "sweep/attempt/failure.h"
#include "sweep/attempt/task.h"

namespace archsweep {

// Every number by which the scheduler decides.
inline constexpr int64_t kLeaseMs = 60'000;  // Silence after which a worker's attempts are lost.
inline constexpr int64_t kBusyCallMs =
    2'000;  // How often a busy worker calls when nothing happens.
inline constexpr int kChargedFailuresMax =
    3;  // A task that failed so often by its own fault is failed.
inline constexpr int kUnchargedFailuresMax = 50;  // Likewise by the fault of others.
inline constexpr int64_t kBackoffFirstMs =
    10'000;  // After the first charged failure; doubles with each.
inline constexpr int64_t kBackoffMaxMs = 600'000;
inline constexpr int64_t kStorageBackoffMs = 30'000;  // A full disk does not empty itself at once.

bool IsCharged(FailureClass failure);

// What becomes of a task after a failure, its counts already including it.
struct Verdict {
  AfterFailure next = AfterFailure::kQueued;
  int64_t delay_ms = 0;  // Of a back-off.
};
Verdict VerdictOf(FailureClass failure, int charged, int uncharged, Token token);

}  // namespace archsweep
