#pragma once

#include <string>

#include "base/json.h"

namespace archsweep {

// The one text of a JSON value: keys sorted, no spaces, integers in decimal, other numbers in the
// shortest form that reads back to the same double. Identities are hashes of this text. Numbers are
// finite (asserted).
std::string CanonicalText(const Json& value);

}  // namespace archsweep
