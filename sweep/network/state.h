#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sweep/network/graph.h"

namespace archsweep {

// One tensor that a node owns.
struct OwnedTensor {
  std::string_view suffix;     // "weight"; a constant of the program.
  std::vector<int64_t> shape;  // Empty: a single number.
  bool is_parameter = true;    // Otherwise a buffer.
};

// What `node` of `graph` owns, in official order; empty for operations without weights. The one
// place that knows.
std::vector<OwnedTensor> OwnedTensors(const Graph& graph, const Node& node);

}  // namespace archsweep
