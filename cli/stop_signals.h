#pragma once

#include <signal.h>

#include <cstdint>
#include <optional>

namespace archsweep {

// Signals that ask the program to stop, blocked in this thread and all that it starts, to be waited
// for. To be made on the main thread before any other thread was started; nothing is unblocked
// again, so that a late signal does not end the program in the middle of its last words.
class StopSignals {
 public:
  enum class Kind {
    kTerminal,  // SIGINT, SIGTERM and SIGHUP.
    kBatch,     // Also SIGUSR1 and SIGUSR2, by which batch systems announce the end.
  };
  explicit StopSignals(Kind kind = Kind::kTerminal);
  // Whether one came within the time, which may be 0.
  bool Wait(int64_t timeout_ms) const { return Take(timeout_ms).has_value(); }
  // The same, and which.
  std::optional<int> Take(int64_t timeout_ms) const;

 private:
  sigset_t set_;
};

}  // namespace archsweep
