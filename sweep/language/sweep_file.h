#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

inline constexpr size_t kSweepFileBytesMax = size_t{1} << 20;
inline constexpr int64_t kTrialsMax = 1'000'000;

// Expands a sweep file that was read from `source` (a path or the name of a preset, for messages only).
// kInvalidInput holds all mistakes at once, one a line, each "SOURCE:LINE:COLUMN: message".
Result<ExpandedSweep> ParseSweep(std::string_view text, const std::string& source);

// Reads a file, or a preset where `path_or_preset` is neither an existing file nor looks like a path.
Result<ExpandedSweep> LoadSweep(const std::string& path_or_preset);

}  // namespace archsweep
