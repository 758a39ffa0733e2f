#include "worker/trainer/executor.h"

#include <algorithm>
#include <variant>

#include "base/check.h"

namespace archsweep {
namespace {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

at::Tensor StandardizeImages(const Standardize& constants, const at::Tensor& images) {
  const auto per_channel = [&](const std::array<float, 3>& values) {
    return at::tensor(at::ArrayRef<float>(values)).view({1, 3, 1, 1}).to(images.options());
  };
  return (images - per_channel(constants.mean)) / per_channel(constants.deviation);
}

at::Tensor Activate(ActivationKind kind, const at::Tensor& x, bool in_place) {
  switch (kind) {
    case ActivationKind::kRelu:
      return in_place ? at::relu_(const_cast<at::Tensor&>(x)) : at::relu(x);
    case ActivationKind::kSilu:
      return at::silu(x);
    case ActivationKind::kSoftplus:
      return at::softplus(x);
    case ActivationKind::kGelu:
      return at::gelu(x);
    case ActivationKind::kElu:
      return at::elu(x);
    case ActivationKind::kMish:
      return at::mish(x);
    case ActivationKind::kLeakyRelu:
      return at::leaky_relu(x);
  }
  CHECK(false);
}

// Over the channels of each pixel, which lie together in memory.
at::Tensor NormalizePixels(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor pixels = x.permute({0, 2, 3, 1});
  return at::layer_norm(pixels, {x.size(1)}, weight, bias, kNormEpsilon).permute({0, 3, 1, 2});
}

at::Tensor CropCorner(const at::Tensor& x) {
  return x.narrow(2, 1, x.size(2) - 1).narrow(3, 1, x.size(3) - 1);
}

bool IsRelu(const Node& node) {
  const auto* activation = std::get_if<Activation>(&node.operation);
  return activation != nullptr && activation->kind == ActivationKind::kRelu;
}

// Whether the backward pass of the operation does without its own output.
bool GivesUpItsOutput(const Node& node) {
  return std::holds_alternative<BatchNorm>(node.operation) ||
         std::holds_alternative<Linear>(node.operation);
}

}  // namespace

Executor::Executor(const Graph& graph, const Model& model, const ExecutorOptions& options)
    : output_(graph.output), options_(options) {
  const std::vector<bool> live = LiveNodes(graph);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    Layer& layer = layers_.emplace_back();
    layer.node = graph.nodes[i];
    layer.live = live[i];
  }
  Bind(graph, model);
  PlanMemory(graph);
  PlanSlices(graph);
}

void Executor::Bind(const Graph& graph, const Model& model) {
  for (size_t i = 0; i < model.entries.size(); ++i) {
    const StateEntry& entry = model.entries[i];
    Layer& layer = layers_[static_cast<size_t>(entry.owner)];
    CHECK(entry.name.starts_with(layer.node.name + "."));
    const std::string_view suffix =
        std::string_view(entry.name).substr(graph.nodes[entry.owner].name.size() + 1);
    if (entry.is_parameter) {
      const at::Tensor& parameter = model.parameters[i];
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

void Executor::PlanMemory(const Graph& graph) {
  std::vector<int> users(graph.nodes.size(), 0);
  std::vector<size_t> last_user(graph.nodes.size(), 0);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const NodeId input : graph.nodes[i].inputs) {
      ++users[static_cast<size_t>(input)];
      last_user[static_cast<size_t>(input)] = i;
    }
  }
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (static_cast<NodeId>(i) != output_) {
      layers_[last_user[i]].dies_after.push_back(static_cast<NodeId>(i));
    }
    if (!IsRelu(graph.nodes[i])) continue;
    const auto input = static_cast<size_t>(graph.nodes[i].inputs.front());
    layers_[i].overwrites_input = users[input] == 1 && GivesUpItsOutput(graph.nodes[input]);
  }
}

void Executor::PlanSlices(const Graph& graph) {
  // Slices come in the order of their channels; others are run one by one.
  std::vector<int> channels_covered(graph.nodes.size(), 0);
  std::vector<bool> is_cut(graph.nodes.size(), true);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto* slice = std::get_if<Slice>(&graph.nodes[i].operation);
    for (const NodeId id : graph.nodes[i].inputs) {
      const auto input = static_cast<size_t>(id);
      is_cut[input] = is_cut[input] && slice != nullptr && slice->first == channels_covered[input];
      if (!is_cut[input]) continue;
      channels_covered[input] += graph.nodes[i].output.channels;
      layers_[input].slices.push_back(static_cast<NodeId>(i));
      layers_[input].slice_channels.push_back(graph.nodes[i].output.channels);
    }
  }
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (is_cut[i] && channels_covered[i] == graph.nodes[i].output.channels) continue;
    layers_[i].slices.clear();
    layers_[i].slice_channels.clear();
  }
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
      if (!values[i].defined()) values[i] = RunLayer(layer, values, pass);
      if (!layer.slices.empty()) {
        const auto slices = values[i].split_with_sizes(layer.slice_channels, 1);
        for (size_t j = 0; j < slices.size(); ++j) {
          values[static_cast<size_t>(layer.slices[j])] = slices[j];
        }
      }
    } else if (pass.TracksStatistics() && std::holds_alternative<BatchNorm>(layer.node.operation)) {
      const at::Tensor& x = values[static_cast<size_t>(layer.node.inputs.front())];
      // The norms that the official code computes in vain read values that are alive.
      CHECK(x.defined());
      const NormBuffers& norm = layer.groups[static_cast<size_t>(pass.group)];
      at::batch_norm_update_stats(x.detach(), norm.mean, norm.variance, pass.training->momentum);
      norm.batches.add_(1);
    }
    for (const NodeId dead : layer.dies_after) values[static_cast<size_t>(dead)].reset();
  }
  return values[static_cast<size_t>(output_)];
}

at::Tensor Executor::Normalize(const Layer& layer, const at::Tensor& x, const Pass& pass) const {
  const bool trains = pass.TrainsParameters();
  const at::Tensor& weight = trains ? layer.weight : layer.frozen_weight;
  const at::Tensor& bias = trains ? layer.bias : layer.frozen_bias;
  const auto normalize = [&](const at::Tensor& mean, const at::Tensor& variance, double momentum) {
    return at::batch_norm(x, weight, bias, mean, variance, pass.training.has_value(), momentum,
                          kNormEpsilon, /*cudnn_enabled=*/true);
  };
  if (pass.training && !pass.training->tracks_statistics) return normalize({}, {}, 0);
  const NormBuffers& norm = layer.groups[static_cast<size_t>(pass.group)];
  if (pass.training) norm.batches.add_(1);
  return normalize(norm.mean, norm.variance, pass.training ? pass.training->momentum : 0);
}

at::Tensor Executor::RunLayer(const Layer& layer, std::vector<at::Tensor>& values,
                              const Pass& pass) const {
  const auto input = [&](size_t i) -> at::Tensor& {
    return values[static_cast<size_t>(layer.node.inputs[i])];
  };
  const bool trains = pass.TrainsParameters();
  const at::Tensor& weight = trains ? layer.weight : layer.frozen_weight;
  const at::Tensor& bias = trains ? layer.bias : layer.frozen_bias;
  return std::visit(
      Overloaded{
          [&](const Input&) { return input(0); },
          [&](const Standardize& constants) { return StandardizeImages(constants, input(0)); },
          [&](const Convolution& conv) {
            return at::conv2d(input(0), weight, {}, {conv.stride, conv.stride},
                              {conv.padding, conv.padding}, {conv.dilation, conv.dilation},
                              conv.groups);
          },
          [&](const BatchNorm&) { return Normalize(layer, input(0), pass); },
          [&](const GroupNorm& norm) {
            return at::group_norm(input(0), norm.groups, weight, bias, kNormEpsilon);
          },
          [&](const LayerNorm&) { return NormalizePixels(input(0), weight, bias); },
          [&](const InstanceNorm&) {
            return at::instance_norm(input(0), {}, {}, {}, {}, /*use_input_stats=*/true,
                                     kNormMomentum, kNormEpsilon, /*cudnn_enabled=*/true);
          },
          [&](const Activation& activation) {
            return Activate(activation.kind, input(0), layer.overwrites_input);
          },
          [&](const Sigmoid&) { return at::sigmoid(input(0)); },
          [&](const AveragePool& pool) {
            return at::avg_pool2d(input(0), {pool.kernel, pool.kernel}, {pool.stride, pool.stride},
                                  {pool.padding, pool.padding}, /*ceil_mode=*/false,
                                  pool.count_padding);
          },
          [&](const GlobalAveragePool&) {
            return input(0).mean({2, 3});
          },
          [&](const CornerCrop&) { return CropCorner(input(0)); },
          [&](const Linear&) { return at::linear(input(0), weight, bias); },
          [&](const Add&) { return at::add(input(0), input(1)); },
          [&](const Multiply&) { return at::mul(input(0), input(1).unsqueeze(2).unsqueeze(3)); },
          [&](const Slice& slice) {
            return input(0).narrow(1, slice.first, layer.node.output.channels);
          },
          [&](const Concatenate&) {
            std::vector<at::Tensor> parts;
            for (size_t i = 0; i < layer.node.inputs.size(); ++i) parts.push_back(input(i));
            return at::cat(parts, 1);
          }},
      layer.node.operation);
}

}  // namespace archsweep
