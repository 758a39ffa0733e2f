#pragma once

#include <span>
#include <string>
#include <string_view>

namespace archsweep {

// The SQL of a schema file: the lines between "-- each {column}" and "-- end" are there once for
// each of `columns`, with its name for {column}. Asserts that the two lines come in pairs.
std::string ExpandSchema(std::string_view text, std::span<const std::string_view> columns);

}  // namespace archsweep
