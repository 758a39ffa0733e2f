#include "worker/trainer/executor.h"

#include <utility>
#include <variant>

#include "base/check.h"
#include "worker/trainer/channelwise/batch_norm.h"
#include "worker/trainer/layer_operations.h"

namespace archsweep {
namespace {

bool IsRelu(const Node& node) {
  const auto* activation = std::get_if<Activation>(&node.operation);
  return activation != nullptr && activation->kind == ActivationKind::kRelu;
}

bool Multiplies(const Node& node) {
  return std::holds_alternative<Convolution>(node.operation) ||
         std::holds_alternative<Linear>(node.operation);
}

// Whether the backward pass of the operation does without its own output.
bool GivesUpItsOutput(const Node& node) {
  return std::holds_alternative<BatchNorm>(node.operation) ||
         std::holds_alternative<Linear>(node.operation);
}

}  // namespace

Executor::Executor(const Graph& graph, const Model& model, const ExecutorOptions& options)
    : graph_(graph), layers_(graph.nodes.size()), options_(options) {
  const std::vector<bool> live = LiveNodes(graph);
  for (size_t i = 0; i < layers_.size(); ++i) layers_[i].live = live[i];
  Bind(model);
  PlanMemory();
  PlanSlices();
}

void Executor::Bind(const Model& model) {
  for (size_t i = 0; i < model.entries.size(); ++i) {
    const StateEntry& entry = model.entries[i];
    Layer& layer = layers_[static_cast<size_t>(entry.owner)];
    CHECK(entry.name.starts_with(graph_.nodes[entry.owner].name + "."));
    const std::string_view suffix =
        std::string_view(entry.name).substr(graph_.nodes[entry.owner].name.size() + 1);
    if (entry.is_parameter) {
      const at::Tensor& parameter = model.parameters[i];
      value_options_ = at::TensorOptions(parameter.device()).dtype(parameter.scalar_type());
      (suffix == "weight" ? layer.weight : layer.bias) = parameter;
      (suffix == "weight" ? layer.frozen_weight : layer.frozen_bias) = parameter.detach();
      continue;
    }
    layer.groups.resize(model.buffers.size());
    for (size_t group = 0; group < model.buffers.size(); ++group) {
      NormBuffers& norm = layer.groups[group];
      (suffix == "running_mean"  ? norm.mean
       : suffix == "running_var" ? norm.variance
                                 : norm.batches) = model.buffers[group][i];
    }
  }
}

void Executor::PlanMemory() {
  std::vector<int> users(graph_.nodes.size(), 0);
  std::vector<size_t> last_user(graph_.nodes.size(), 0);
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    for (const NodeId input : graph_.nodes[i].inputs) {
      ++users[static_cast<size_t>(input)];
      last_user[static_cast<size_t>(input)] = i;
    }
  }
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (static_cast<NodeId>(i) != graph_.output) {
      layers_[last_user[i]].dies_after.push_back(static_cast<NodeId>(i));
    }
    if (!IsRelu(graph_.nodes[i])) continue;
    const auto input = static_cast<size_t>(graph_.nodes[i].inputs.front());
    layers_[i].overwrites_input = users[input] == 1 && GivesUpItsOutput(graph_.nodes[input]);
    layers_[input].is_rectified = layers_[i].overwrites_input;
  }
}

void Executor::PlanSlices() {
  // Slices come in the order of their channels; others are run one by one.
  std::vector<int> channels_covered(graph_.nodes.size(), 0);
  std::vector<bool> is_cut(graph_.nodes.size(), true);
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto* slice = std::get_if<Slice>(&graph_.nodes[i].operation);
    for (const NodeId id : graph_.nodes[i].inputs) {
      const auto input = static_cast<size_t>(id);
      is_cut[input] = is_cut[input] && slice != nullptr && slice->first == channels_covered[input];
      if (!is_cut[input]) continue;
      channels_covered[input] += graph_.nodes[i].output.channels;
      layers_[input].slices.push_back(static_cast<NodeId>(i));
      layers_[input].slice_channels.push_back(graph_.nodes[i].output.channels);
    }
  }
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (is_cut[i] && channels_covered[i] == graph_.nodes[i].output.channels) continue;
    layers_[i].slices.clear();
    layers_[i].slice_channels.clear();
  }
}

NodeTensors Executor::FrozenTensors(NodeId node, int group) const {
  const Layer& layer = layers_[static_cast<size_t>(node)];
  NodeTensors tensors = {.weight = layer.frozen_weight, .bias = layer.frozen_bias};
  if (!layer.groups.empty()) {
    const NormBuffers& norm = layer.groups[static_cast<size_t>(group)];
    tensors.mean = norm.mean;
    tensors.variance = norm.variance;
  }
  return tensors;
}

at::Tensor Executor::Evaluate(const at::Tensor& images, int group) const {
  return Run(images, {.group = group, .training = std::nullopt});
}

at::Tensor Executor::Train(const at::Tensor& images, int group, const TrainMode& mode) const {
  return Run(images, {.group = group, .training = mode});
}

at::Tensor Executor::Run(const at::Tensor& images, const Pass& pass) const {
  std::vector<at::Tensor> values(layers_.size());
  values.front() = images.contiguous(LayoutOf(options_.fusion));
  for (size_t i = 1; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    if (layer.live) {
      if (!values[i].defined()) values[i] = RunLayer(i, values, pass);
      if (!layer.slices.empty()) {
        const auto slices = values[i].split_with_sizes(layer.slice_channels, 1);
        for (size_t j = 0; j < slices.size(); ++j) {
          values[static_cast<size_t>(layer.slices[j])] = slices[j];
        }
      }
    } else if (pass.TracksStatistics() &&
               std::holds_alternative<BatchNorm>(graph_.nodes[i].operation)) {
      const at::Tensor& x = values[static_cast<size_t>(graph_.nodes[i].inputs.front())];
      // The norms that the official code computes in vain read values that are alive.
      CHECK(x.defined());
      const NormBuffers& norm = layer.groups[static_cast<size_t>(pass.group)];
      at::batch_norm_update_stats(x.detach(), norm.mean, norm.variance, pass.training->momentum);
      norm.batches.add_(1);
    }
    for (const NodeId dead : layer.dies_after) values[static_cast<size_t>(dead)].reset();
  }
  const at::Tensor& logits = values[static_cast<size_t>(graph_.output)];
  return options_.compute_type ? logits.to(images.scalar_type()) : logits;
}

bool Executor::NormalizesAtOnce(const Layer& layer, const at::Tensor& x, const Pass& pass) const {
  return options_.fusion == Fusion::kFolded && pass.training && layer.weight.defined() &&
         CanNormalizeBatch(x);
}

at::Tensor Executor::Normalize(const Layer& layer, const at::Tensor& x, const Pass& pass) const {
  const bool trains = pass.TrainsParameters();
  const at::Tensor& weight = trains ? layer.weight : layer.frozen_weight;
  const at::Tensor& bias = trains ? layer.bias : layer.frozen_bias;
  RunningStatistics running;
  if (!pass.training || pass.training->tracks_statistics) {
    const NormBuffers& norm = layer.groups[static_cast<size_t>(pass.group)];
    running = {.mean = norm.mean, .variance = norm.variance};
    if (pass.training) {
      norm.batches.add_(1);
      running.momentum = pass.training->momentum;
    }
  }
  if (NormalizesAtOnce(layer, x, pass)) {
    return BatchNormOfBatch(x, weight, bias, running, layer.is_rectified);
  }
  return at::batch_norm(x, weight, bias, running.mean, running.variance, pass.training.has_value(),
                        running.momentum, kNormEpsilon, /*cudnn_enabled=*/true);
}

at::Tensor Executor::RunLayer(size_t index, const std::vector<at::Tensor>& values,
                              const Pass& pass) const {
  const Node& node = graph_.nodes[index];
  const Layer& layer = layers_[index];
  std::vector<at::Tensor> inputs;
  for (const NodeId input : node.inputs) {
    inputs.push_back(values[static_cast<size_t>(input)]);
  }
  if (std::holds_alternative<BatchNorm>(node.operation)) {
    return Normalize(layer, inputs.front(), pass);
  }
  if (const auto* activation = std::get_if<Activation>(&node.operation)) {
    const Layer& below = layers_[static_cast<size_t>(node.inputs.front())];
    if (below.is_rectified && NormalizesAtOnce(below, inputs.front(), pass)) return inputs.front();
    return Activate(activation->kind, inputs.front(), layer.overwrites_input);
  }
  return Operate(node, layer, std::move(inputs), pass);
}

at::Tensor Executor::Operate(const Node& node, const Layer& layer, std::vector<at::Tensor> inputs,
                             const Pass& pass) const {
  const bool trains = pass.TrainsParameters();
  at::Tensor weight = trains ? layer.weight : layer.frozen_weight;
  at::Tensor bias = trains ? layer.bias : layer.frozen_bias;
  if (options_.compute_type && Multiplies(node)) {
    for (at::Tensor* const tensor : {&inputs.front(), &weight, &bias}) {
      if (tensor->defined()) *tensor = tensor->to(*options_.compute_type);
    }
  }
  return RunOperation(node, inputs, weight, bias);
}

}  // namespace archsweep
