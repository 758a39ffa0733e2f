#include "worker/agent/adoption.h"

#include <algorithm>
#include <utility>

#include "worker/agent/outbox.h"

namespace archsweep {
namespace {

// How many of the first lines fit in what is left of a report. `bytes` is lowered by them.
size_t FittingLines(const std::vector<NumberedLine>& lines, int64_t& bytes) {
  size_t count = 0;
  while (count < std::min(lines.size(), kLinesPerReportMax) && bytes > 0) {
    bytes -= WireBytesOf(lines[count++]);
  }
  return count;
}

}  // namespace

Adoption::Adoption(std::vector<SpooledAttempt> attempts) {
  for (SpooledAttempt& attempt : attempts) {
    lives_[attempt.worker].push_back(std::move(attempt.observed));
  }
}

std::optional<WorkerReport> Adoption::Next() const {
  if (lives_.empty()) return std::nullopt;
  const auto& [worker, attempts] = *lives_.begin();
  WorkerReport report{.worker = worker, .attempts = {}, .hold_ms = 0, .leaving = true};
  int64_t bytes = kReportBytesMax;
  for (const ObservedAttempt& attempt : attempts) {
    const auto count = static_cast<std::ptrdiff_t>(FittingLines(attempt.lines, bytes));
    report.attempts.push_back(
        {attempt.token, {attempt.lines.begin(), attempt.lines.begin() + count}, attempt.use});
    report.leaving = report.leaving && report.attempts.back().lines.size() == attempt.lines.size();
  }
  return report;
}

void Adoption::Answered() {
  const std::optional<WorkerReport> told = Next();
  if (told->leaving) return Refused();
  std::vector<ObservedAttempt>& attempts = lives_.begin()->second;
  for (size_t i = 0; i < attempts.size(); ++i) {
    auto& lines = attempts[i].lines;
    lines.erase(lines.begin(),
                lines.begin() + static_cast<std::ptrdiff_t>(told->attempts[i].lines.size()));
  }
}

void Adoption::Refused() { lives_.erase(lives_.begin()); }

}  // namespace archsweep
