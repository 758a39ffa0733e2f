#pragma once

#include <string_view>

#include "base/result.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// Reads the text of a sweep file and expands it: the product of the axes, the last one changing
// fastest, equal points kept once. The same text gives the same trials in the same order.
// kInvalidInput with a line "FILE:LINE:COLUMN: message" for each mistake; `file` is only named.
Result<ExpandedSweep> ExpandSweep(std::string_view file, std::string_view text);

}  // namespace archsweep
