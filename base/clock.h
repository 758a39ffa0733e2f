#pragma once

#include <cstdint>

namespace archsweep {

// Time as seen by the code that runs at the edges; decisions take times as arguments instead.
class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds that only grow, counting while the machine sleeps (CLOCK_BOOTTIME). For leases and
  // waits.
  virtual int64_t MonotonicMs() const = 0;
  // Milliseconds since 1970 in UTC. For what people read; never compared.
  virtual int64_t WallMs() const = 0;
};

// The operating system's clocks. Any thread may call.
class SystemClock final : public Clock {
 public:
  int64_t MonotonicMs() const override;
  int64_t WallMs() const override;
};

}  // namespace archsweep
