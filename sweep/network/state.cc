#include "sweep/network/state.h"

#include <utility>

namespace archsweep {

std::vector<OwnedTensor> OwnedTensors(const Graph& graph, const Node& node) {
  const int64_t channels = node.output.channels;
  const auto input_channels = [&] {
    return int64_t{graph.nodes[static_cast<size_t>(node.inputs.front())].output.channels};
  };
  if (const auto* conv = std::get_if<Convolution>(&node.operation)) {
    return {{"weight", {channels, input_channels() / conv->groups, conv->kernel, conv->kernel}}};
  }
  if (const auto* linear = std::get_if<Linear>(&node.operation)) {
    std::vector<OwnedTensor> tensors = {{"weight", {channels, input_channels()}}};
    if (linear->bias) tensors.push_back({"bias", {channels}});
    return tensors;
  }
  if (const auto* norm = std::get_if<BatchNorm>(&node.operation)) {
    std::vector<OwnedTensor> tensors;
    if (norm->affine) tensors = {{"weight", {channels}}, {"bias", {channels}}};
    tensors.push_back({"running_mean", {channels}, false});
    tensors.push_back({"running_var", {channels}, false});
    tensors.push_back({"num_batches_tracked", {}, false});
    return tensors;
  }
  if (std::holds_alternative<GroupNorm>(node.operation) ||
      std::holds_alternative<LayerNorm>(node.operation)) {
    return {{"weight", {channels}}, {"bias", {channels}}};
  }
  return {};
}

std::vector<StateEntry> StateEntries(const Graph& graph) {
  std::vector<StateEntry> entries;
  for (const NodeId owner : graph.owners) {
    const Node& node = graph.nodes[static_cast<size_t>(owner)];
    for (OwnedTensor& tensor : OwnedTensors(graph, node)) {
      entries.push_back({.name = node.name + "." + std::string(tensor.suffix),
                         .shape = std::move(tensor.shape),
                         .is_parameter = tensor.is_parameter,
                         .owner = owner});
    }
  }
  return entries;
}

}  // namespace archsweep
