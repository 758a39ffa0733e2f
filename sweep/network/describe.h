#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "sweep/network/graph.h"

namespace archsweep {

// A table: one line a layer with its inputs, output shape, parameters and MACs, dead layers marked,
// totals at the end, and the `readings` of ReadingsOf.
std::string DescribeAsTable(const Graph& graph, const std::vector<std::string>& readings);

// {"parameters": int, "macs": int, "readings": [text], "layers": [{"id", "operation", "name",
// "inputs", "output", "parameters", "macs", "dead"}]}.
Json DescribeAsJson(const Graph& graph, const std::vector<std::string>& readings);

}  // namespace archsweep
