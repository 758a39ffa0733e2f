#pragma once

#include "base/json.h"

namespace archsweep {

// A JSON Schema (draft 2020-12) of sweep files, for editors: keys, types, names and what they mean.
// What only the whole file decides, such as values that do not fit together, it cannot say.
Json SweepSchema();

}  // namespace archsweep
