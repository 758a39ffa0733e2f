#pragma once

#include <optional>
#include <string>

#include "sweep/attempt/failure.h"

namespace archsweep {

// How a process ended, as the kernel tells it.
struct ProcessEnd {
  bool signaled = false;
  int code = 0;  // The exit code, or the number of the signal.
};

// How the first of several ranks ended, as mpirun tells it by its own end: by the exit code of that
// rank, or by 128 and the number of the signal.
ProcessEnd EndOfFirstRank(const ProcessEnd& mpirun);

// Why the agent ended an attempt, if it did.
enum class EndedBy {
  kItself,
  kStop,      // It was asked to stop.
  kStall,     // A watchdog.
  kBadLines,  // It wrote too much that is no progress line.
};

// What became of an attempt whose trainer left without a final line (one that wrote a final line is
// judged by that alone). `last_output` is the last line of its log, "" if there is none; `log` the
// path of that log.
Failure VerdictOf(const ProcessEnd& end, EndedBy ended_by, const std::string& last_output,
                  const std::string& log);

}  // namespace archsweep
