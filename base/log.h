#pragma once

#include <string_view>

#include "base/text.h"

namespace archsweep {

enum class LogLevel { kInfo, kWarning, kError };

// Writes one line to stderr in one write, so that lines of several threads and processes stay
// whole: "time level message", or with ARCHSWEEP_LOG=json in the environment an object with the
// texts `time`, `level` and `message`, in which bytes that are not UTF-8 become the replacement
// character. Time is UTC, with milliseconds. Any thread may call.
void LogLine(LogLevel level, std::string_view message);

template <class... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  LogLine(LogLevel::kInfo, Format(format, std::forward<Args>(args)...));
}

template <class... Args>
void LogWarning(fmt::format_string<Args...> format, Args&&... args) {
  LogLine(LogLevel::kWarning, Format(format, std::forward<Args>(args)...));
}

template <class... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  LogLine(LogLevel::kError, Format(format, std::forward<Args>(args)...));
}

}  // namespace archsweep
