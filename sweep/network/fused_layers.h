#pragma once

#include <optional>
#include <vector>

#include "sweep/network/graph.h"

namespace archsweep {

// Nodes that may run as one layer in evaluation mode: an operation, and what stands behind it alone
// (nothing else reads a value between `first` and `output`).
struct FusedLayer {
  NodeId first = 0;
  // A batch norm of the convolution `first`: scales and shifts its channels by constants, as its
  // weights can.
  std::optional<NodeId> norm;
  std::optional<NodeId> addend;  // The value that is added then.
  std::optional<ActivationKind> activation;
  NodeId output = 0;  // The node whose value the layer has.
};

// The layers of the nodes that the output depends on, but for the input, in an order in which
// inputs come first. Convolutions take up a batch norm, a sum and an activation behind them; batch
// norms and standardisations an activation; every other node is a layer of its own.
std::vector<FusedLayer> FuseLayers(const Graph& graph);

}  // namespace archsweep
