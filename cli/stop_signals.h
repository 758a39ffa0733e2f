#pragma once

#include <signal.h>

#include <cstdint>

namespace archsweep {

// SIGINT, SIGTERM and SIGHUP, blocked in this thread and all that it starts, to be waited for. To
// be made on the main thread before any other thread was started; nothing is unblocked again, so
// that a late signal does not end the program in the middle of its last words.
class StopSignals {
 public:
  StopSignals();
  // Whether one came within the time, which may be 0.
  bool Wait(int64_t timeout_ms) const;

 private:
  sigset_t set_;
};

}  // namespace archsweep
