#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"

namespace archsweep {

// How far a long piece of work is, in its own unit, told to who waits for it. False asks it to
// stop. Called on the thread that works, often, so it must be quick.
using WorkProgress = std::function<bool(int64_t done, int64_t total)>;

// A piece of work of a known size that is told about.
class Work {
 public:
  // `progress` may be empty.
  Work(int64_t total, WorkProgress progress) : total_(total), progress_(std::move(progress)) {}

  // kInterrupted if it was asked to stop.
  Status Advance(int64_t amount) {
    done_ += amount;
    if (!progress_ || progress_(done_, total_)) return {};
    return Fail(ErrorKind::kInterrupted, "stopped");
  }

 private:
  int64_t done_ = 0;
  int64_t total_;
  WorkProgress progress_;
};

}  // namespace archsweep
