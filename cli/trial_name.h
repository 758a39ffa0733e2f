#pragma once

#include <string>

#include "base/result.h"
#include "cli/data_source.h"

namespace archsweep {

// The whole id of the trial whose id begins with `beginning`, of at least 4 hexadecimal digits.
// kInvalidInput if it is none; kNotFound if there is no such trial, or several.
Result<std::string> TrialNamed(const DataSource& source, const std::string& beginning);

}  // namespace archsweep
