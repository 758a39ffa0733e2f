#include "worker/agent/process_use.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "worker/agent/process_table.h"

namespace archsweep {
namespace {

// Positions in what follows the name.
constexpr size_t kSession = 3;
constexpr size_t kTicks[] = {11, 12, 13, 14};  // User, system, and both of waited-for children.
constexpr size_t kPages = 21;

int64_t MsOf(const timeval& time) { return int64_t{time.tv_sec} * 1000 + time.tv_usec / 1000; }

}  // namespace

std::optional<ProcessStat> ParseProcessStat(std::string_view line) {
  const auto fields = AfterName(line);
  if (!fields) return std::nullopt;
  const std::vector<std::string> words = Split(*fields, ' ');
  const auto number = [&](size_t position) {
    const auto value = position < words.size() ? ParseInteger(words[position]) : std::nullopt;
    return value && *value >= 0 ? value : std::nullopt;
  };
  const auto session = number(kSession);
  const auto pages = number(kPages);
  if (!session || !pages) return std::nullopt;
  ProcessStat stat{.session = static_cast<pid_t>(*session), .pages = *pages};
  for (const size_t position : kTicks) {
    const auto ticks = number(position);
    if (!ticks) return std::nullopt;
    stat.ticks += *ticks;
  }
  return stat;
}

std::map<pid_t, ProcessUse> UseOfSessions(const std::set<pid_t>& leaders) {
  std::map<pid_t, ProcessStat> sums;
  for (const pid_t process : AllProcesses()) {
    // To ask for the session is far cheaper than to read all of it, and most are of others.
    if (!leaders.contains(getsid(process))) continue;
    const auto line = StatOf(process);
    const auto stat = line ? ParseProcessStat(*line) : std::nullopt;
    if (!stat || !leaders.contains(stat->session)) continue;
    ProcessStat& sum = sums[stat->session];
    sum.ticks += stat->ticks;
    sum.pages += stat->pages;
  }
  const int64_t ticks_per_second = std::max<int64_t>(1, sysconf(_SC_CLK_TCK));
  const int64_t page_bytes = sysconf(_SC_PAGESIZE);
  std::map<pid_t, ProcessUse> uses;
  for (const auto& [session, sum] : sums) {
    uses[session] = {.cpu_ms = sum.ticks * 1000 / ticks_per_second,
                     .memory_bytes = sum.pages * page_bytes};
  }
  return uses;
}

ProcessUse Reap(pid_t child) {
  rusage usage{};
  if (wait4(child, nullptr, WNOHANG, &usage) <= 0) return {};
  constexpr int64_t kMemoryUnit = 1024;
  return {.cpu_ms = MsOf(usage.ru_utime) + MsOf(usage.ru_stime),
          .memory_bytes = int64_t{usage.ru_maxrss} * kMemoryUnit};
}

}  // namespace archsweep
