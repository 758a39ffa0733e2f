#pragma once

#include <cstdint>
#include <filesystem>

#include "base/unique_fd.h"
#include "sweep/attempt/progress.h"

namespace archsweep {

inline constexpr int64_t kStepLineIntervalMs = 250;

// Where progress lines go: the agent's pipe, or stdout, or nowhere. One thread. Throws TaskError
// where nobody reads any more.
class ProgressSink {
 public:
  // An empty path: stdout.
  explicit ProgressSink(const std::filesystem::path& pipe);

  // For a rank that leaves it to rank 0 to tell: nothing is written, and no line is ever due.
  static ProgressSink Silent() { return ProgressSink(); }

  // Each line in one write, when it is known: nothing is held back.
  void Write(const ProgressLine& line);

  // Whether so much time has gone by since the last step line that another one is due; if so,
  // counts from now. The first one is due at once.
  bool StepLineIsDue(int64_t now_ms);

 private:
  ProgressSink() = default;

  UniqueFd fd_;
  int64_t next_step_line_ms_ = 0;
};

}  // namespace archsweep
