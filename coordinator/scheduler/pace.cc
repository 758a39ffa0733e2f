#include "coordinator/scheduler/pace.h"

namespace archsweep {
namespace {

// What was seen before counts so much less with each task, so that the pace follows the workers.
constexpr double kMemory = 0.9;
constexpr double kLongestMs = 1e15;

}  // namespace

void Pace::Note(TaskKind kind, bool gpu, double work, int64_t took_ms) {
  Sums& sums = sums_[{kind, gpu}];
  sums.work = kMemory * sums.work + work;
  sums.took_ms = kMemory * sums.took_ms + static_cast<double>(took_ms);
}

std::optional<int64_t> Pace::ExpectedMs(TaskKind kind, bool gpu, double work) const {
  const auto found = sums_.find({kind, gpu});
  if (found == sums_.end() || found->second.work <= 0) return std::nullopt;
  const double expected_ms = found->second.took_ms / found->second.work * work;
  return static_cast<int64_t>(expected_ms < kLongestMs ? expected_ms : kLongestMs);
}

}  // namespace archsweep
