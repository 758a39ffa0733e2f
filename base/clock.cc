#include "base/clock.h"

#include <ctime>

namespace archsweep {
namespace {

int64_t ReadMs(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

int64_t SystemClock::MonotonicMs() const { return ReadMs(CLOCK_BOOTTIME); }
int64_t SystemClock::WallMs() const { return ReadMs(CLOCK_REALTIME); }

}  // namespace archsweep
