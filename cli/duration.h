#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace archsweep {

// A duration as people write it: "90s", "30m", "4h", "2d", or parts of falling size, "1h30m". In
// milliseconds. kInvalidInput, which names the text, if it is anything else.
Result<int64_t> ParseDuration(const std::string& text);

// Adds an option whose value is a duration; `milliseconds` gets it, and keeps what it has where the
// option is not given.
void AddDurationOption(CLI::App& command, const std::string& name, int64_t& milliseconds,
                       const std::string& description, const std::string& default_text);

}  // namespace archsweep
