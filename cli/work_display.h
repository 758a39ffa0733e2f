#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "cli/run_display.h"
#include "cli/stop_signals.h"
#include "worker/data/work.h"

namespace archsweep {

// In what a piece of work is counted.
enum class WorkUnit { kBytes, kImages };

// "unpacking  [####----]  82.3 MB of 170 MB, 41 MB/s, ETA 2 s". Where `total` is 0, which stands
// for unknown, only what is done.
std::string WorkLine(const std::string& label, WorkUnit unit, int64_t done, int64_t total,
                     int64_t elapsed_ms);

// Shows on stderr how far long pieces of work are, once they take longer than kQuietMs, and asks
// them to stop after a signal.
class WorkDisplay {
 public:
  static constexpr int64_t kQuietMs = 2'000;

  // `signals` must outlive the display.
  explicit WorkDisplay(const StopSignals& signals);

  // For the next piece of work; the display must outlive it.
  WorkProgress Show(std::string label, WorkUnit unit);

 private:
  static constexpr int64_t kIntervalMs = 100;

  bool Tell(const std::string& label, WorkUnit unit, int64_t done, int64_t total);

  const StopSignals& signals_;
  const SystemClock clock_;
  LinePrinter printer_;
  int64_t started_ms_ = 0;
  int64_t shown_ms_ = 0;
  bool stopped_ = false;
};

}  // namespace archsweep
