#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sweep/attempt/change.h"
#include "sweep/attempt/failure.h"
#include "sweep/attempt/task.h"

namespace archsweep {

// Every number by which the scheduler decides.
inline constexpr int64_t kLeaseMs = 60'000;  // Silence after which a worker's attempts are lost.

// How often a busy worker calls when nothing but steps happens: the more of them there are, the
// more seldom, so that thousands of workers do not fill the coordinator's day.
inline constexpr int64_t kCallSpacingMs = 10;  // Between calls of different workers.
inline constexpr int64_t kBusyCallMsMin = 500;
inline constexpr int64_t kBusyCallMsMax = 10'000;
constexpr int64_t BusyCallMs(size_t workers) {
  return std::clamp(static_cast<int64_t>(workers) * kCallSpacingMs, kBusyCallMsMin, kBusyCallMsMax);
}

inline constexpr int kChargedFailuresMax =
    3;  // A task that failed so often by its own fault is failed.
inline constexpr int kUnchargedFailuresMax = 50;  // Likewise by the fault of others.
inline constexpr int64_t kBackoffFirstMs =
    10'000;  // After the first charged failure; doubles with each.
inline constexpr int64_t kBackoffMaxMs = 600'000;
inline constexpr int64_t kStorageBackoffMs = 30'000;  // A full disk does not empty itself at once.
inline constexpr int kStorageFailuresMax =
    3;  // A sweep with so many in a row is paused, for its disk is full.

// A host on which so many attempts in a row failed, of so many trials, is left alone for a while.
inline constexpr int kHostFailuresMax = 3;
inline constexpr int kHostTrialsMin = 2;
inline constexpr int64_t kQuarantineMs = 1'800'000;

// How long a task that needs several slots looks on while narrower ones take them, before one
// worker is kept free for it.
inline constexpr int64_t kReserveAfterMs = 300'000;

// On a worker whose time is limited: a training begins only where so much is left, for it can go
// on elsewhere but must get somewhere; an evaluation only where it can end, and one of unknown
// length only where so much is left.
inline constexpr int64_t kTrainingTimeMinMs = 120'000;
inline constexpr int64_t kEvaluationTimeMinMs = 600'000;

// Tasks that are expected to end within so much get one more attempt a slot in advance, so that
// no slot waits for a commit; one that has not begun after the second bound is taken back.
inline constexpr int64_t kShortTaskMs = 5'000;
inline constexpr int64_t kAdvanceWaitMaxMs = 10'000;

// What a running attempt uses is made durable so often; what it has used in the end, with its end.
inline constexpr int64_t kUseRecordMs = 60'000;

// So many tasks of equal needs are tried when the first fits no worker.
inline constexpr int kCandidatesMax = 64;

// So many workers of the host where a checkpoint lies are asked for a seat first.
inline constexpr int kHostWorkersMax = 8;

bool IsCharged(FailureClass failure);

// Whether the failure may be the fault of the host.
bool BlamesHost(FailureClass failure);

// What becomes of a task after a failure, its counts already including it.
struct Verdict {
  AfterFailure next = AfterFailure::kQueued;
  int64_t delay_ms = 0;  // Of a back-off.
};
Verdict VerdictOf(FailureClass failure, int charged, int uncharged, Token token);

}  // namespace archsweep
