#pragma once

#include <string>

#include "base/json.h"
#include "sweep/network/graph.h"

namespace archsweep {

// A table: one line a layer with its inputs, output shape, parameters and MACs, dead layers marked,
// totals at the end.
std::string DescribeAsTable(const Graph& graph);

// {"parameters": int, "macs": int, "layers": [{"id", "operation", "name", "inputs", "output",
// "parameters", "macs", "dead"}]}.
Json DescribeAsJson(const Graph& graph);

}  // namespace archsweep
