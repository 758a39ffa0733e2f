#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "coordinator/snapshot.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// What `archsweep run` shows while it works: a line per live task and one for the sweep. Lines are
// pure functions of a snapshot and the time; printing is separate.
class RunDisplay {
 public:
  RunDisplay(const ExpandedSweep& sweep, const Snapshot& first, int64_t now_ms);

  // One line per live task, at most kTaskLinesMax, then SweepLine.
  std::vector<std::string> Lines(const Snapshot& snapshot, int64_t now_ms) const;

  // "quickstart  [####----]  9/24 done, 2 running, 0 failed, ETA 1 min 20 s".
  std::string SweepLine(const Snapshot& snapshot, int64_t now_ms) const;

 private:
  std::string TaskLine(const LiveTask& task) const;

  std::string name_;
  std::map<TrialId, std::string> trial_labels_;
  std::map<EvaluationId, std::string> attack_labels_;
  double work_at_start_ = 0;
  int64_t start_ms_ = 0;
};

inline constexpr size_t kTaskLinesMax = 16;

// Prints lines to stderr: over the earlier ones on a terminal, otherwise only the last line and
// only now and then.
class LinePrinter {
 public:
  LinePrinter(bool is_terminal, int columns) : is_terminal_(is_terminal), columns_(columns) {}

  void Show(const std::vector<std::string>& lines, int64_t now_ms);
  // Leaves what is shown and goes on below it.
  void Finish();

 private:
  static constexpr int64_t kPlainIntervalMs = 10'000;

  bool is_terminal_;
  int columns_;
  size_t shown_ = 0;
  int64_t next_plain_ms_ = 0;
};

}  // namespace archsweep
