#include "base/log.h"

#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "base/json.h"

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

bool WantsJson() {
  static const bool kWantsJson = [] {
    const char* const format = std::getenv("ARCHSWEEP_LOG");
    return format != nullptr && std::string_view(format) == "json";
  }();
  return kWantsJson;
}

std::string JsonLine(const std::string& time, LogLevel level, std::string_view message) {
  const Json json = {{"time", time}, {"level", NameOf(level)}, {"message", message}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

void LogLine(LogLevel level, std::string_view message) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char time[32];
  strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &utc);
  const std::string full_time = Format("{}.{:03}Z", time, now.tv_nsec / 1'000'000);
  const std::string line = WantsJson() ? JsonLine(full_time, level, message)
                                       : Format("{} {} {}\n", full_time, NameOf(level), message);
  // A log line that cannot be written has nowhere to be reported.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace archsweep
