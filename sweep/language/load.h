#pragma once

#include <string>

#include "base/result.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// Reads and expands a sweep named as on the command line: a file if there is one of that name, or
// if the name can only be a file's (it has a '/' or ends in .yaml or .yml); otherwise a preset.
// kNotFound or kInvalidInput; see ExpandSweep.
Result<ExpandedSweep> LoadSweep(const std::string& file_or_preset);

}  // namespace archsweep
