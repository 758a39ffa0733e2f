#include "sweep/network/cost.h"

#include <vector>

#include "sweep/network/state.h"

namespace archsweep {

Cost CostOf(const Graph& graph) {
  const std::vector<bool> live = LiveNodes(graph);
  Cost cost;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    cost.parameters += ParametersOf(graph, graph.nodes[i]);
    if (live[i]) cost.macs += MacsOf(graph, graph.nodes[i]);
  }
  return cost;
}

int64_t ParametersOf(const Graph& graph, const Node& node) {
  int64_t parameters = 0;
  for (const OwnedTensor& tensor : OwnedTensors(graph, node)) {
    if (!tensor.is_parameter) continue;
    int64_t elements = 1;
    for (const int64_t extent : tensor.shape) elements *= extent;
    parameters += elements;
  }
  return parameters;
}

int64_t MacsOf(const Graph& graph, const Node& node) {
  const auto input_channels = [&] {
    return int64_t{graph.nodes[static_cast<size_t>(node.inputs.front())].output.channels};
  };
  const int64_t elements = node.output.Elements();
  if (const auto* conv = std::get_if<Convolution>(&node.operation)) {
    return elements * (input_channels() / conv->groups) * conv->kernel * conv->kernel;
  }
  if (std::holds_alternative<Linear>(node.operation)) return elements * input_channels();
  const bool counts_elements = std::holds_alternative<BatchNorm>(node.operation) ||
                               std::holds_alternative<AveragePool>(node.operation) ||
                               std::holds_alternative<GlobalAveragePool>(node.operation) ||
                               std::holds_alternative<Multiply>(node.operation);
  return counts_elements ? elements : 0;
}

}  // namespace archsweep
