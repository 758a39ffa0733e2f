#include "worker/trainer/frozen/frozen_layer.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <utility>
#include <variant>

#include "worker/trainer/channelwise/scale_shift.h"
#include "worker/trainer/frozen/frozen_activation.h"
#include "worker/trainer/frozen/frozen_convolution.h"
#include "worker/trainer/layer_operations.h"

namespace archsweep {
namespace {

const Node& NodeAt(const Graph& graph, NodeId node) {
  return graph.nodes[static_cast<size_t>(node)];
}

// A batch norm or a standardisation, and an activation.
class FrozenScaleShift : public FrozenLayer {
 public:
  FrozenScaleShift(const Graph& graph, const FusedLayer& fused, const ScaleAndShift& constants,
                   const at::TensorOptions& options)
      : FrozenLayer(graph, fused),
        scale_(constants.scale.to(options)),
        shift_(constants.shift.to(options)),
        activation_(fused.activation) {}

  at::Tensor Forward(std::vector<at::Tensor> inputs, Kept* kept) const override {
    at::Tensor result = ScaleShift(inputs.front(), scale_, shift_, activation_.IsRelu());
    if (kept != nullptr) kept->assign(1, activation_.IsNone() ? at::Tensor() : result);
    return activation_.IsRelu() ? result : activation_.Forward(std::move(result), nullptr);
  }

  void Backward(at::Tensor gradient, const Kept& kept, ValueGradients& sums) const override {
    const NodeId input = Inputs().front();
    if (activation_.IsRelu()) {
      sums.Add(input,
               ScaleShiftReluBackward(std::move(gradient), kept.front(), scale_, sums.Take(input)));
      return;
    }
    sums.Add(input, activation_.Backward(std::move(gradient), kept.front()) * scale_.Spread());
  }

 private:
  ChannelConstants scale_, shift_;
  FrozenActivation activation_;
};

class FrozenLinear : public FrozenLayer {
 public:
  FrozenLinear(const Graph& graph, const FusedLayer& fused, const NodeTensors& own)
      : FrozenLayer(graph, fused), weight_(own.weight), bias_(own.bias) {}

  at::Tensor Forward(std::vector<at::Tensor> inputs, Kept*) const override {
    return at::linear(inputs.front(), weight_, bias_);
  }
  void Backward(at::Tensor gradient, const Kept&, ValueGradients& sums) const override {
    sums.Add(Inputs().front(), at::mm(gradient, weight_));
  }

 private:
  at::Tensor weight_, bias_;
};

class FrozenGlobalPool : public FrozenLayer {
 public:
  FrozenGlobalPool(const Graph& graph, const FusedLayer& fused)
      : FrozenLayer(graph, fused),
        input_(NodeAt(graph, NodeAt(graph, fused.first).inputs.front()).output) {}

  at::Tensor Forward(std::vector<at::Tensor> inputs, Kept*) const override {
    return inputs.front().mean({2, 3});
  }
  void Backward(at::Tensor gradient, const Kept&, ValueGradients& sums) const override {
    const at::Tensor share = gradient / (static_cast<double>(input_.height) * input_.width);
    sums.Add(Inputs().front(), share.view({share.size(0), share.size(1), 1, 1})
                                   .expand({-1, -1, input_.height, input_.width})
                                   .contiguous(at::MemoryFormat::ChannelsLast));
  }

 private:
  const Shape input_;
};

class FrozenSum : public FrozenLayer {
 public:
  using FrozenLayer::FrozenLayer;

  at::Tensor Forward(std::vector<at::Tensor> inputs, Kept*) const override {
    if (IsUnshared(inputs[0])) return inputs[0].add_(inputs[1]);
    return IsUnshared(inputs[1]) ? inputs[1].add_(inputs[0]) : at::add(inputs[0], inputs[1]);
  }
  void Backward(at::Tensor gradient, const Kept&, ValueGradients& sums) const override {
    sums.Add(Inputs()[0], gradient);
    sums.Add(Inputs()[1], std::move(gradient));
  }
};

// Channels times one factor each.
class FrozenProduct : public FrozenLayer {
 public:
  using FrozenLayer::FrozenLayer;

  at::Tensor Forward(std::vector<at::Tensor> inputs, Kept* kept) const override {
    if (kept != nullptr) *kept = {inputs[0], inputs[1]};
    return at::mul(inputs[0], inputs[1].unsqueeze(2).unsqueeze(3));
  }
  void Backward(at::Tensor gradient, const Kept& kept, ValueGradients& sums) const override {
    sums.Add(Inputs()[1], at::mul(gradient, kept[0]).sum({2, 3}));
    sums.Add(Inputs()[0], at::mul(gradient, kept[1].unsqueeze(2).unsqueeze(3)));
  }
};

class FrozenSlice : public FrozenLayer {
 public:
  FrozenSlice(const Graph& graph, const FusedLayer& fused)
      : FrozenLayer(graph, fused),
        first_(std::get<Slice>(NodeAt(graph, fused.first).operation).first),
        channels_(NodeAt(graph, fused.first).output.channels),
        input_channels_(NodeAt(graph, NodeAt(graph, fused.first).inputs.front()).output.channels) {}

  at::Tensor Forward(std::vector<at::Tensor> inputs, Kept*) const override {
    return inputs.front().narrow(1, first_, channels_);
  }
  void Backward(at::Tensor gradient, const Kept&, ValueGradients& sums) const override {
    at::Tensor whole = sums.Take(Inputs().front());
    if (!IsUnshared(whole)) {
      at::Tensor own =
          at::zeros({gradient.size(0), input_channels_, gradient.size(2), gradient.size(3)},
                    gradient.options().memory_format(at::MemoryFormat::ChannelsLast));
      if (whole.defined()) own.copy_(whole);
      whole = std::move(own);
    }
    whole.narrow(1, first_, channels_).add_(gradient);
    sums.Add(Inputs().front(), std::move(whole));
  }

 private:
  const int64_t first_, channels_, input_channels_;
};

class FrozenJoin : public FrozenLayer {
 public:
  using FrozenLayer::FrozenLayer;

  at::Tensor Forward(std::vector<at::Tensor> inputs, Kept* kept) const override {
    if (kept != nullptr) {
      kept->clear();
      for (const at::Tensor& input : inputs) kept->push_back(input);
    }
    return at::cat(inputs, 1);
  }
  void Backward(at::Tensor gradient, const Kept& kept, ValueGradients& sums) const override {
    int64_t first = 0;
    for (size_t i = 0; i < Inputs().size(); ++i) {
      const int64_t channels = kept[i].size(1);
      sums.Add(Inputs()[i], gradient.narrow(1, first, channels));
      first += channels;
    }
  }
};

class FrozenElementwise : public FrozenLayer {
 public:
  FrozenElementwise(const Graph& graph, const FusedLayer& fused, ActivationKind kind)
      : FrozenLayer(graph, fused), activation_(kind) {}

  at::Tensor Forward(std::vector<at::Tensor> inputs, Kept* kept) const override {
    if (kept != nullptr) kept->resize(1);
    return activation_.Forward(std::move(inputs.front()),
                               kept == nullptr ? nullptr : &kept->front());
  }
  void Backward(at::Tensor gradient, const Kept& kept, ValueGradients& sums) const override {
    sums.Add(Inputs().front(), activation_.Backward(std::move(gradient), kept.front()));
  }

 private:
  FrozenActivation activation_;
};

// Any operation, by automatic differentiation.
class FrozenOperation : public FrozenLayer {
 public:
  FrozenOperation(const Graph& graph, const FusedLayer& fused, const NodeTensors& own)
      : FrozenLayer(graph, fused), node_(NodeAt(graph, fused.first)), own_(own) {}

  at::Tensor Forward(std::vector<at::Tensor> inputs, Kept* kept) const override {
    if (kept == nullptr) return RunOperation(node_, inputs, own_.weight, own_.bias);
    const c10::AutoGradMode with_gradients(true);
    for (at::Tensor& input : inputs) input = input.detach().requires_grad_(true);
    at::Tensor result = RunOperation(node_, inputs, own_.weight, own_.bias);
    *kept = inputs;
    kept->push_back(result);
    return result.detach();
  }
  void Backward(at::Tensor gradient, const Kept& kept, ValueGradients& sums) const override {
    const std::vector<at::Tensor> inputs(kept.begin(), kept.end() - 1);
    const auto gradients = torch::autograd::grad({kept.back()}, inputs, {gradient});
    for (size_t i = 0; i < inputs.size(); ++i) sums.Add(Inputs()[i], gradients[i]);
  }

 private:
  const Node node_;
  const NodeTensors own_;
};

// (x - mean) / deviation
ScaleAndShift ConstantsOf(const Standardize& constants, const at::TensorOptions& options) {
  const auto tensor = [&](const std::array<float, 3>& values) {
    return ColorConstants(values, options.dtype(at::kDouble));
  };
  const at::Tensor scale = tensor(constants.deviation).reciprocal();
  return {.scale = scale, .shift = -tensor(constants.mean) * scale};
}

}  // namespace

void ValueGradients::Add(NodeId value, at::Tensor gradient) {
  at::Tensor& sum = sums_[static_cast<size_t>(value)];
  if (!sum.defined()) {
    sum = std::move(gradient);
  } else if (IsUnshared(sum)) {
    sum.add_(gradient);
  } else if (IsUnshared(gradient)) {
    sum = gradient.add_(sum);
  } else {
    sum = at::add(sum, gradient);
  }
}

FrozenLayer::FrozenLayer(const Graph& graph, const FusedLayer& fused)
    : inputs_(NodeAt(graph, fused.first).inputs), output_(fused.output) {
  if (fused.addend) inputs_.push_back(*fused.addend);
}

std::unique_ptr<FrozenLayer> Freeze(const Graph& graph, const FusedLayer& fused,
                                    const NodeTensors& own, const NodeTensors& norm, int64_t images,
                                    const at::TensorOptions& options) {
  const Operation& operation = NodeAt(graph, fused.first).operation;
  if (std::holds_alternative<Convolution>(operation)) {
    return FreezeConvolution(graph, fused, own, norm, images);
  }
  if (std::holds_alternative<BatchNorm>(operation)) {
    return std::make_unique<FrozenScaleShift>(graph, fused, ConstantsOf(own), options);
  }
  if (const auto* constants = std::get_if<Standardize>(&operation)) {
    return std::make_unique<FrozenScaleShift>(graph, fused, ConstantsOf(*constants, options),
                                              options);
  }
  if (const auto* activation = std::get_if<Activation>(&operation)) {
    return std::make_unique<FrozenElementwise>(graph, fused, activation->kind);
  }
  if (std::holds_alternative<Linear>(operation)) {
    return std::make_unique<FrozenLinear>(graph, fused, own);
  }
  if (std::holds_alternative<GlobalAveragePool>(operation)) {
    return std::make_unique<FrozenGlobalPool>(graph, fused);
  }
  if (std::holds_alternative<Add>(operation)) return std::make_unique<FrozenSum>(graph, fused);
  if (std::holds_alternative<Multiply>(operation)) {
    return std::make_unique<FrozenProduct>(graph, fused);
  }
  if (std::holds_alternative<Slice>(operation)) return std::make_unique<FrozenSlice>(graph, fused);
  if (std::holds_alternative<Concatenate>(operation)) {
    return std::make_unique<FrozenJoin>(graph, fused);
  }
  return std::make_unique<FrozenOperation>(graph, fused, own);
}

}  // namespace archsweep
