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

CostByDepth::CostByDepth(const ArchitectureSpec& spec, int image_size, int classes) {
  ArchitectureSpec shallow = spec;
  shallow.depth.fill(1);
  shallow_ = CostOf(BuildGraph(shallow, image_size, classes));
  for (size_t stage = 0; stage < per_block_.size(); ++stage) {
    ArchitectureSpec deeper = shallow;
    deeper.depth[stage] = 2;
    const Cost cost = CostOf(BuildGraph(deeper, image_size, classes));
    per_block_[stage] = {.parameters = cost.parameters - shallow_.parameters,
                         .macs = cost.macs - shallow_.macs};
  }
}

Cost CostByDepth::At(const std::array<int, kStages>& depth) const {
  Cost cost = shallow_;
  for (size_t stage = 0; stage < per_block_.size(); ++stage) {
    cost.parameters += per_block_[stage].parameters * (depth[stage] - 1);
    cost.macs += per_block_[stage].macs * (depth[stage] - 1);
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
