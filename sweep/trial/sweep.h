#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sweep/trial/evaluation.h"
#include "sweep/trial/trial.h"

namespace archsweep {

inline constexpr int kRanksMax = 64;  // Of one task; all are on one host.

// What one task of a sweep needs of a worker: a slot for each of its ranks, which are the processes
// that share its work. They have no influence on what it is.
struct Resources {
  int gpus = 0;  // 0: CPU slots; otherwise as many GPU slots as there are ranks.
  int ranks = 1;
  int share = 1;  // So many tasks of one GPU may run on it at once, where their memory fits.
  friend bool operator==(const Resources&, const Resources&) = default;
};

inline constexpr int kShareMax = 64;
inline constexpr int kPriorityMax = 1000;  // And the least is its negative.
inline constexpr int kRunningMax = 1'000'000;
inline constexpr int kFailedMax = 1'000'000;

// Which of its tasks a sweep wants first.
enum class SweepOrder {
  kLongest,  // So that none is left over at the end.
  kSpread,   // Points far from each other in the grid, so that its course is seen early.
};
std::string_view NameOf(SweepOrder order);  // "longest", "spread"
Result<SweepOrder> SweepOrderByName(std::string_view name);

// How a sweep stands among others.
struct QueuePolicy {
  SweepOrder order = SweepOrder::kLongest;
  int priority = 0;               // The tasks of a higher one come first.
  int running_max = kRunningMax;  // Attempts at once.
  int failed_max = kFailedMax;    // The sweep is paused when more of its tasks have failed.
  friend bool operator==(const QueuePolicy&, const QueuePolicy&) = default;
};

// Why so many ranks cannot train like this; nothing if they can. A batch-norm group never spans
// ranks, and all have as many of them.
std::optional<std::string> RanksProblem(const TrainingSpec& training, int ranks);

// One point of a sweep with what is derived from it.
struct SweepTrial {
  TrialId id;
  TrialSpec spec;
  int64_t parameters = 0;
  int64_t macs = 0;         // Of one image.
  int64_t activations = 0;  // Cost::activations.
};

// A sweep file, read and expanded: what the store keeps and the scheduler works on. Equal points
// are there once; the order is that of the file.
struct ExpandedSweep {
  std::string name;
  std::string text;  // The file as it was read.
  std::vector<SweepTrial> trials;
  std::vector<EvaluationSpec> evaluations;  // Trial by trial, in the order of `trials`.
  Resources resources;
  QueuePolicy queue;
};

}  // namespace archsweep
