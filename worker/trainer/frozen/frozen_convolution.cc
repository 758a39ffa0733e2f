#include "worker/trainer/frozen/frozen_convolution.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <string_view>

#include "base/check.h"
#include "worker/trainer/channelwise/scale_shift.h"
#include "worker/trainer/frozen/frozen_activation.h"
#include "worker/trainer/layer_operations.h"

namespace archsweep {
namespace {

using Sizes = std::vector<int64_t>;
using Scalars = c10::List<std::optional<at::Scalar>>;
using OptionalTensor = std::optional<at::Tensor>;
using OptionalText = std::optional<std::string_view>;

// Convolutions of oneDNN with what follows them, on weights in the order that it likes best for
// images of one size. ATen has no C++ function for these operators.
class PackedConvolution {
 public:
  PackedConvolution(const at::Tensor& weight, const Convolution& settings,
                    const Sizes& input_sizes);

  // activation(convolution(x) + bias)
  at::Tensor operator()(const at::Tensor& x, const OptionalTensor& bias, bool relu) const {
    return run_.call(x, weight_, bias, padding_, stride_, dilation_, groups_,
                     relu ? "relu" : "none", Scalars(), std::nullopt);
  }

  // activation(convolution(x) + bias + addend), in place of the addend where it may.
  at::Tensor Added(const at::Tensor& x, const OptionalTensor& bias, at::Tensor addend,
                   bool relu) const {
    const OptionalText activation = relu ? OptionalText("relu") : std::nullopt;
    if (IsUnshared(addend)) {
      return add_in_place_.call(addend, x, weight_, bias, padding_, stride_, dilation_, groups_,
                                "add", at::Scalar(1.0), activation, Scalars(), std::nullopt);
    }
    return add_.call(x, addend, weight_, bias, padding_, stride_, dilation_, groups_, "add",
                     at::Scalar(1.0), activation, Scalars(), std::nullopt);
  }

 private:
  using Run = at::Tensor(const at::Tensor&, const at::Tensor&, const OptionalTensor&,
                         at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, int64_t,
                         std::string_view, Scalars, OptionalText);
  using AddTo = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                           const OptionalTensor&, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef,
                           int64_t, std::string_view, std::optional<at::Scalar>, OptionalText,
                           Scalars, OptionalText);
  using AddInPlace = at::Tensor&(at::Tensor&, const at::Tensor&, const at::Tensor&,
                                 const OptionalTensor&, at::IntArrayRef, at::IntArrayRef,
                                 at::IntArrayRef, int64_t, std::string_view,
                                 std::optional<at::Scalar>, OptionalText, Scalars, OptionalText);

  template <class Signature>
  static c10::TypedOperatorHandle<Signature> Operator(const char* name, const char* overload) {
    return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Signature>();
  }

  c10::TypedOperatorHandle<Run> run_ = Operator<Run>("mkldnn::_convolution_pointwise", "");
  c10::TypedOperatorHandle<AddTo> add_ =
      Operator<AddTo>("mkldnn::_convolution_pointwise", "binary");
  c10::TypedOperatorHandle<AddInPlace> add_in_place_ =
      Operator<AddInPlace>("mkldnn::_convolution_pointwise_", "binary");
  Sizes padding_, stride_, dilation_;
  int64_t groups_;
  at::Tensor weight_;
};

PackedConvolution::PackedConvolution(const at::Tensor& weight, const Convolution& settings,
                                     const Sizes& input_sizes)
    : padding_{settings.padding, settings.padding},
      stride_{settings.stride, settings.stride},
      dilation_{settings.dilation, settings.dilation},
      groups_(settings.groups) {
  using Reorder = at::Tensor(const at::Tensor&, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef,
                             int64_t, at::OptionalIntArrayRef);
  weight_ = Operator<Reorder>("mkldnn::_reorder_convolution_weight", "")
                .call(weight, padding_, stride_, dilation_, groups_, input_sizes);
}

// The convolution that takes gradients of the values of one of stride 1 to those of its inputs.
Convolution Reversed(const Convolution& settings) {
  Convolution reversed = settings;
  reversed.padding = settings.dilation * (settings.kernel - 1) - settings.padding;
  return reversed;
}

// Its weights: input and output channels of each group change places, and rows and columns run
// backwards.
at::Tensor ReversedWeight(const at::Tensor& weight, int64_t groups) {
  const int64_t outputs = weight.size(0) / groups;
  const int64_t inputs = weight.size(1);
  return weight.reshape({groups, outputs, inputs, weight.size(2), weight.size(3)})
      .transpose(1, 2)
      .reshape({groups * inputs, outputs, weight.size(2), weight.size(3)})
      .flip({2, 3})
      .contiguous(at::MemoryFormat::ChannelsLast);
}

class FrozenConvolution : public FrozenLayer {
 public:
  FrozenConvolution(const Graph& graph, const FusedLayer& fused, const NodeTensors& own,
                    const NodeTensors& norm, int64_t images);

  at::Tensor Forward(std::vector<at::Tensor> inputs, Kept* kept) const override;
  void Backward(at::Tensor gradient, const Kept& kept, ValueGradients& sums) const override;

 private:
  at::Tensor Convolve(const at::Tensor& x, at::Tensor addend) const;
  at::Tensor GradientOf(const at::Tensor& x, const at::Tensor& gradient) const;
  void Pack(const Node& node, const Shape& input, int64_t images);

  Convolution settings_;
  at::Tensor weight_, bias_;
  FrozenActivation activation_;
  std::optional<PackedConvolution> forward_, backward_;
};

FrozenConvolution::FrozenConvolution(const Graph& graph, const FusedLayer& fused,
                                     const NodeTensors& own, const NodeTensors& norm,
                                     int64_t images)
    : FrozenLayer(graph, fused),
      settings_(std::get<Convolution>(graph.nodes[static_cast<size_t>(fused.first)].operation)),
      weight_(own.weight),
      activation_(fused.activation) {
  if (fused.norm) {
    const auto [scale, shift] = ConstantsOf(norm);
    weight_ = (own.weight.to(at::kDouble) * scale.view({-1, 1, 1, 1})).to(own.weight.options());
    bias_ = shift.to(own.weight.options());
  }
  const Node& node = graph.nodes[static_cast<size_t>(fused.first)];
  if (weight_.is_cpu() && weight_.scalar_type() == at::kFloat && at::hasMKLDNN()) {
    Pack(node, graph.nodes[static_cast<size_t>(node.inputs.front())].output, images);
  }
}

void FrozenConvolution::Pack(const Node& node, const Shape& input, int64_t images) {
  forward_.emplace(weight_, settings_, Sizes{images, input.channels, input.height, input.width});
  if (settings_.stride != 1 || Reversed(settings_).padding < 0) return;
  const Shape& output = node.output;
  backward_.emplace(ReversedWeight(weight_, settings_.groups), Reversed(settings_),
                    Sizes{images, output.channels, output.height, output.width});
}

at::Tensor FrozenConvolution::Convolve(const at::Tensor& x, at::Tensor addend) const {
  const bool relu = activation_.IsRelu();
  if (!forward_) {
    at::Tensor result = at::conv2d(x, weight_, bias_, {settings_.stride, settings_.stride},
                                   {settings_.padding, settings_.padding},
                                   {settings_.dilation, settings_.dilation}, settings_.groups);
    if (addend.defined()) result.add_(addend);
    return relu ? result.relu_() : result;
  }
  const OptionalTensor bias = bias_.defined() ? OptionalTensor(bias_) : std::nullopt;
  return addend.defined() ? forward_->Added(x, bias, std::move(addend), relu)
                          : (*forward_)(x, bias, relu);
}

at::Tensor FrozenConvolution::Forward(std::vector<at::Tensor> inputs, Kept* kept) const {
  const at::Tensor x = inputs.front().contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor addend;
  if (inputs.size() > 1) {
    addend = std::move(inputs[1]).contiguous(at::MemoryFormat::ChannelsLast);
    inputs[1].reset();
  }
  inputs.front().reset();
  at::Tensor result = Convolve(x, std::move(addend));
  if (kept == nullptr) return activation_.IsRelu() ? result : activation_.Forward(result, nullptr);
  kept->resize(2);
  if (!backward_) (*kept)[0] = x;
  if (!activation_.IsRelu()) return activation_.Forward(std::move(result), &(*kept)[1]);
  (*kept)[1] = result;
  return result;
}

void FrozenConvolution::Backward(at::Tensor gradient, const Kept& kept,
                                 ValueGradients& sums) const {
  gradient = activation_.Backward(std::move(gradient), kept[1]);
  sums.Add(Inputs().front(), GradientOf(kept[0], gradient));
  if (Inputs().size() > 1) sums.Add(Inputs()[1], std::move(gradient));
}

at::Tensor FrozenConvolution::GradientOf(const at::Tensor& x, const at::Tensor& gradient) const {
  if (backward_) {
    return (*backward_)(gradient.contiguous(at::MemoryFormat::ChannelsLast), std::nullopt, false);
  }
  const Sizes stride(2, settings_.stride), padding(2, settings_.padding),
      dilation(2, settings_.dilation);
  return std::get<0>(at::convolution_backward(
      gradient, x, weight_, std::nullopt, stride, padding, dilation,
      /*transposed=*/false, {0, 0}, settings_.groups, {true, false, false}));
}

}  // namespace

ScaleAndShift ConstantsOf(const NodeTensors& norm) {
  at::Tensor scale = (norm.variance.to(at::kDouble) + kNormEpsilon).rsqrt();
  if (norm.weight.defined()) scale = scale * norm.weight.to(at::kDouble);
  at::Tensor shift = -norm.mean.to(at::kDouble) * scale;
  if (norm.bias.defined()) shift = shift + norm.bias.to(at::kDouble);
  return {.scale = scale, .shift = shift};
}

std::unique_ptr<FrozenLayer> FreezeConvolution(const Graph& graph, const FusedLayer& fused,
                                               const NodeTensors& own, const NodeTensors& norm,
                                               int64_t images) {
  return std::make_unique<FrozenConvolution>(graph, fused, own, norm, images);
}

}  // namespace archsweep
