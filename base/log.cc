#include "base/log.h"

#include <unistd.h>

#include <ctime>

namespace archsweep {
namespace {

std::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

}  // namespace

void LogLine(LogLevel level, std::string_view message) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char time[32];
  strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &utc);
  const std::string line =
      Format("{}.{:03}Z {} {}\n", time, now.tv_nsec / 1'000'000, NameOf(level), message);
  // A log line that cannot be written has nowhere to be reported.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace archsweep
