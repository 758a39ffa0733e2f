#pragma once

#include <cstdint>

#include "sweep/network/graph.h"

namespace archsweep {

// Size and work of a network in the paper's convention (torchprofile 0.0.4).
struct Cost {
  int64_t parameters = 0;  // All that the graph owns, dead nodes included; buffers are not parameters.
  int64_t macs = 0;        // For one image, after dead nodes are removed: convolutions and linear layers without bias,
                           // one per output element of batch norms, average pools and products.
};

Cost CostOf(const Graph& graph);

// Multiply-accumulates of one node.
int64_t MacsOf(const Graph& graph, const Node& node);

}  // namespace archsweep
