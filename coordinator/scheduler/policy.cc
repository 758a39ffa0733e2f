#include "coordinator/scheduler/policy.h"

#include <algorithm>

namespace archsweep {
namespace {

// A number in [half, whole] of `delay_ms` that spreads retries; a function of the token, for
// decisions draw no chance.
int64_t Spread(int64_t delay_ms, Token token) {
  uint64_t bits = static_cast<uint64_t>(token.value) * 0x9e3779b97f4a7c15u;
  bits ^= bits >> 32;
  return delay_ms / 2 + static_cast<int64_t>(bits % static_cast<uint64_t>(delay_ms / 2 + 1));
}

}  // namespace

bool IsCharged(FailureClass failure) {
  switch (failure) {
    case FailureClass::kConfiguration:
    case FailureClass::kOutOfMemory:
    case FailureClass::kTask:
    case FailureClass::kStalled:
      return true;
    case FailureClass::kStorage:
    case FailureClass::kStopped:
    case FailureClass::kLost:
      return false;
  }
  return true;
}

bool BlamesHost(FailureClass failure) { return failure != FailureClass::kStopped; }

Verdict VerdictOf(FailureClass failure, int charged, int uncharged, Token token) {
  if (failure == FailureClass::kConfiguration || charged >= kChargedFailuresMax ||
      uncharged >= kUnchargedFailuresMax) {
    return {.next = AfterFailure::kFailed};
  }
  if (failure == FailureClass::kStorage) {
    return {.next = AfterFailure::kBackoff, .delay_ms = Spread(kStorageBackoffMs, token)};
  }
  if (!IsCharged(failure)) return {.next = AfterFailure::kQueued};
  // A first hang of a gang is not charged, and backs off like a first charged failure.
  const int doublings = std::max(0, charged - 1);
  const int64_t delay_ms = std::min(kBackoffMaxMs, kBackoffFirstMs << doublings);
  return {.next = AfterFailure::kBackoff, .delay_ms = Spread(delay_ms, token)};
}

}  // namespace archsweep
