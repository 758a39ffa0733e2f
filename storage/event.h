#pragma once

#include <string>
#include <string_view>

#include "sweep/attempt/change.h"

namespace archsweep {

// How a fact stands in the event table.
std::string_view EventKind(const Change& change);  // "attempt_assigned"; the name of the type.
std::string EventData(const Change& change);       // JSON; what no row that is written once holds.

}  // namespace archsweep
