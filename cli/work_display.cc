#include "cli/work_display.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cli/host.h"

namespace archsweep {
namespace {

std::string Amount(double count, WorkUnit unit) {
  if (unit == WorkUnit::kImages) return Format("{:.0f}", count);
  return count < 1000 ? Format("{:.0f} B", count) : HumanCount(count) + "B";
}

}  // namespace

std::string WorkLine(const std::string& label, WorkUnit unit, int64_t done, int64_t total,
                     int64_t elapsed_ms) {
  constexpr int kBarWidth = 20;
  const auto of_done = static_cast<double>(done);
  const auto of_total = static_cast<double>(total);
  const double per_second = elapsed_ms > 0 ? of_done * 1000 / static_cast<double>(elapsed_ms) : 0;
  const std::string unit_name = unit == WorkUnit::kBytes ? "" : " images";
  if (total <= 0) {
    return Format("{}  {}{}, {}/s", label, Amount(of_done, unit), unit_name,
                  Amount(per_second, unit));
  }
  const int filled = std::clamp(static_cast<int>(of_done / of_total * kBarWidth), 0, kBarWidth);
  const std::string eta =
      per_second > 0 ? HumanDuration((of_total - of_done) / per_second) : "estimating";
  return Format("{}  [{:#<{}}{:-<{}}]  {} of {}{}, {}/s, ETA {}", label, "", filled, "",
                kBarWidth - filled, Amount(of_done, unit), Amount(of_total, unit), unit_name,
                Amount(per_second, unit), eta);
}

WorkDisplay::WorkDisplay(const StopSignals& signals)
    : signals_(signals), printer_(isatty(STDERR_FILENO) == 1, TerminalColumns()) {}

WorkProgress WorkDisplay::Show(std::string label, WorkUnit unit) {
  printer_.Finish();
  started_ms_ = clock_.MonotonicMs();
  shown_ms_ = started_ms_ + kQuietMs - kIntervalMs;
  return [this, label = std::move(label), unit](int64_t done, int64_t total) {
    return Tell(label, unit, done, total);
  };
}

bool WorkDisplay::Tell(const std::string& label, WorkUnit unit, int64_t done, int64_t total) {
  stopped_ = stopped_ || signals_.Wait(0);
  const int64_t now_ms = clock_.MonotonicMs();
  if (now_ms - shown_ms_ >= kIntervalMs) {
    shown_ms_ = now_ms;
    printer_.Show({WorkLine(label, unit, done, total, now_ms - started_ms_)}, now_ms);
  }
  return !stopped_;
}

}  // namespace archsweep
