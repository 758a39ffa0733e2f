#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>

namespace archsweep {

// What processes have used of the processors, with their children that have ended and were waited
// for, and what of them is resident.
struct ProcessUse {
  int64_t cpu_ms = 0;  // User and system.
  int64_t memory_bytes = 0;
  friend bool operator==(const ProcessUse&, const ProcessUse&) = default;
};

// What a line of /proc/PID/stat (man 5 proc) says, in the units of the kernel.
struct ProcessStat {
  pid_t session = 0;
  int64_t ticks = 0;
  int64_t pages = 0;
  friend bool operator==(const ProcessStat&, const ProcessStat&) = default;
};

// Nothing where it is no such line. The name of the process in it may hold anything.
std::optional<ProcessStat> ParseProcessStat(std::string_view line);

// The sum over the processes of each session that one of `leaders` leads; sessions without any are
// left out. Looks through the whole process table once.
std::map<pid_t, ProcessUse> UseOfSessions(const std::set<pid_t>& leaders);

// Takes a child that has ended from the process table; what it used, its memory at the most. Zero
// where it has not ended. Never waits.
ProcessUse Reap(pid_t child);

}  // namespace archsweep
