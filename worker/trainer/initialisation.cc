#include "worker/trainer/initialisation.h"

#include <c10/core/GradMode.h>

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <variant>

namespace archsweep {
namespace {

// 1 / sqrt(inputs of one output).
double FanInBound(const Node& node, const Graph& graph) {
  const int channels = graph.nodes[static_cast<size_t>(node.inputs.front())].output.channels;
  double inputs = channels;
  if (const auto* conv = std::get_if<Convolution>(&node.operation)) {
    inputs = inputs / conv->groups * conv->kernel * conv->kernel;
  }
  return 1 / std::sqrt(inputs);
}

at::Tensor DrawWeight(const Graph& graph, const Node& node, const std::vector<int64_t>& shape,
                      at::Generator& generator) {
  at::Tensor weight = at::empty(shape, at::kFloat);
  const auto* conv = std::get_if<Convolution>(&node.operation);
  if (conv != nullptr && graph.first_weights == FirstWeights::kByFanOut) {
    const double fan_out =
        static_cast<double>(conv->kernel) * conv->kernel * static_cast<double>(shape[0]);
    return weight.normal_(0, std::sqrt(2 / fan_out), generator);
  }
  if (conv != nullptr || std::holds_alternative<Linear>(node.operation)) {
    const double bound = FanInBound(node, graph);
    return weight.uniform_(-bound, bound, generator);
  }
  return weight.fill_(1);
}

at::Tensor DrawBias(const Graph& graph, const Node& node, const std::vector<int64_t>& shape,
                    at::Generator& generator) {
  at::Tensor bias = at::zeros(shape, at::kFloat);
  const bool is_drawn = std::holds_alternative<Linear>(node.operation) &&
                        graph.first_weights == FirstWeights::kByFanIn;
  if (!is_drawn) return bias;
  const double bound = FanInBound(node, graph);
  return bias.uniform_(-bound, bound, generator);
}

}  // namespace

void Initialise(const Graph& graph, uint64_t seed, Model& model) {
  const c10::NoGradGuard no_gradients;
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (size_t i = 0; i < model.entries.size(); ++i) {
    const StateEntry& entry = model.entries[i];
    if (!entry.is_parameter) continue;
    const Node& node = graph.nodes[static_cast<size_t>(entry.owner)];
    const auto draw = entry.name.ends_with(".weight") ? DrawWeight : DrawBias;
    model.parameters[i].copy_(draw(graph, node, entry.shape, generator));
  }
}

}  // namespace archsweep
