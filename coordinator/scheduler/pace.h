#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "coordinator/scheduler/task.h"

namespace archsweep {

// How fast tasks were so far, by their kind and that of their slots, and so how long one will take.
class Pace {
 public:
  // An attempt that did the whole of `work` took so long.
  void Note(TaskKind kind, bool gpu, double work, int64_t took_ms);

  // Nothing before the first of its kind has ended.
  std::optional<int64_t> ExpectedMs(TaskKind kind, bool gpu, double work) const;

 private:
  struct Sums {
    double work = 0;
    double took_ms = 0;
  };
  std::map<std::pair<TaskKind, bool>, Sums> sums_;
};

}  // namespace archsweep
