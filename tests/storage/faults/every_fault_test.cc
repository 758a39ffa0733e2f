#include <gtest/gtest.h>

#include "tests/storage/faults/script.h"

namespace archsweep {
namespace {

constexpr uint64_t kPowerLossSeeds = 4;  // Ways in which each loss of power can end.

// The script makes so many calls and no more; each fails in turn, once and for good.
void ExpectSurvivesEvery(DiskCall call, int code) {
  const int count = CountCalls().calls[static_cast<size_t>(call)];
  for (int number = 1; number <= count; ++number) {
    for (const bool for_good : {false, true}) {
      ExpectSurvives({.call = call, .number = number, .code = code, .for_good = for_good});
    }
  }
}

TEST(EveryFault, OfAWriteLosesNothing) {
  ExpectSurvivesEvery(DiskCall::kWrite, BrokenCode(DiskCall::kWrite));
}

TEST(EveryFault, OfASyncLosesNothing) {
  ExpectSurvivesEvery(DiskCall::kSync, BrokenCode(DiskCall::kSync));
}

TEST(EveryFault, OfATruncationLosesNothing) {
  ExpectSurvivesEvery(DiskCall::kTruncate, BrokenCode(DiskCall::kTruncate));
}

TEST(EveryFault, OfALockLosesNothing) {
  ExpectSurvivesEvery(DiskCall::kLock, BrokenCode(DiskCall::kLock));
  ExpectSurvivesEvery(DiskCall::kLock, SQLITE_BUSY);
}

TEST(EveryFault, OfSpaceLosesNothing) { ExpectSurvivesEvery(DiskCall::kWrite, SQLITE_FULL); }

TEST(EveryFault, OfPowerLosesNothing) {
  const int changes = CountCalls().changes;
  for (int number = 1; number <= changes; ++number) {
    for (uint64_t seed = 0; seed < kPowerLossSeeds; ++seed) {
      ExpectSurvivesPowerLoss(number, seed * 10'000 + static_cast<uint64_t>(number));
    }
  }
}

}  // namespace
}  // namespace archsweep
