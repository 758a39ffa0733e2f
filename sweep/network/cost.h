#pragma once

#include <cstdint>

#include "sweep/network/graph.h"

namespace archsweep {

// Size and work of a network in the paper's convention (torchprofile 0.0.4; reference on the paper,
// section 3.1).
struct Cost {
  // All that the graph owns, dead nodes included; buffers are not parameters.
  int64_t parameters = 0;
  // For one image, after dead nodes are removed: convolutions and linear layers without bias, and
  // one per output element of batch norms, average pools and products.
  int64_t macs = 0;
};

Cost CostOf(const Graph& graph);

// Parameters that one node owns.
int64_t ParametersOf(const Graph& graph, const Node& node);

// Multiply-accumulates of one node, dead or not.
int64_t MacsOf(const Graph& graph, const Node& node);

}  // namespace archsweep
