#pragma once

#include <string_view>

#include "base/text.h"

namespace archsweep {

enum class LogLevel { kInfo, kWarning, kError };

// Writes one line "time level message" to stderr in one write, so that lines of several threads and
// processes stay whole. Any thread may call.
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
