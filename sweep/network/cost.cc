#include "sweep/network/cost.h"

#include <vector>

#include "sweep/network/state.h"

namespace archsweep {
namespace {

// Whether torchprofile counts one for each output element. It knows leaky ReLU too, but not in the
// in-place form of the official code, which it counts as nothing.
bool CountsElements(const Operation& operation) {
  if (const auto* norm = std::get_if<BatchNorm>(&operation)) return norm->affine;
  return std::holds_alternative<GroupNorm>(operation) ||
         std::holds_alternative<LayerNorm>(operation) ||
         std::holds_alternative<AveragePool>(operation) ||
         std::holds_alternative<GlobalAveragePool>(operation) ||
         std::holds_alternative<Multiply>(operation);
}

// Whether the output of the node lies where that of its input lay.
bool SharesMemory(const Node& node) {
  if (std::holds_alternative<Slice>(node.operation) ||
      std::holds_alternative<CornerCrop>(node.operation)) {
    return true;
  }
  const auto* activation = std::get_if<Activation>(&node.operation);
  return activation != nullptr && activation->kind == ActivationKind::kRelu;
}

}  // namespace

Cost CostOf(const Graph& graph) {
  const std::vector<bool> live = LiveNodes(graph);
  Cost cost;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    cost.parameters += ParametersOf(graph, node);
    if (!live[i]) continue;
    cost.macs += MacsOf(graph, node);
    if (!SharesMemory(node)) cost.activations += node.output.Elements();
  }
  return cost;
}

CostByDepth::CostByDepth(const ArchitectureSpec& spec, int image_size, int classes) {
  ArchitectureSpec shallow = spec;
  shallow.depth = 1;
  shallow_ = CostOf(BuildGraph(shallow, image_size, classes));
  for (size_t stage = 0; stage < per_block_.size(); ++stage) {
    ArchitectureSpec deeper = shallow;
    deeper.depth[stage] = 2;
    const Cost cost = CostOf(BuildGraph(deeper, image_size, classes));
    per_block_[stage] = {.parameters = cost.parameters - shallow_.parameters,
                         .macs = cost.macs - shallow_.macs,
                         .activations = cost.activations - shallow_.activations};
  }
}

Cost CostByDepth::At(const PerStage<int>& depth) const {
  Cost cost = shallow_;
  for (size_t stage = 0; stage < per_block_.size(); ++stage) {
    cost.parameters += per_block_[stage].parameters * (depth[stage] - 1);
    cost.macs += per_block_[stage].macs * (depth[stage] - 1);
    cost.activations += per_block_[stage].activations * (depth[stage] - 1);
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
  return CountsElements(node.operation) ? elements : 0;
}

}  // namespace archsweep
