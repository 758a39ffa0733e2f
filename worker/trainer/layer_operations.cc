#include "worker/trainer/layer_operations.h"

#include <variant>
#include <vector>

#include "base/check.h"

namespace archsweep {
namespace {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

at::Tensor StandardizeImages(const Standardize& constants, const at::Tensor& images) {
  const auto per_channel = [&](const std::array<float, 3>& values) {
    return ColorConstants(values, images.options()).view({1, 3, 1, 1});
  };
  return (images - per_channel(constants.mean)) / per_channel(constants.deviation);
}

// Over the channels of each pixel, which lie together in memory.
at::Tensor NormalizePixels(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor pixels = x.permute({0, 2, 3, 1});
  return at::layer_norm(pixels, {x.size(1)}, weight, bias, kNormEpsilon).permute({0, 3, 1, 2});
}

at::Tensor CropCorner(const at::Tensor& x) {
  return x.narrow(2, 1, x.size(2) - 1).narrow(3, 1, x.size(3) - 1);
}

}  // namespace

at::Tensor ColorConstants(const std::array<float, 3>& values, const at::TensorOptions& options) {
  const auto one = [&](float value) { return at::full({}, value, options); };
  return at::stack({one(values[0]), one(values[1]), one(values[2])});
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

at::Tensor RunOperation(const Node& node, std::span<const at::Tensor> inputs,
                        const at::Tensor& weight, const at::Tensor& bias) {
  return std::visit(
      Overloaded{
          [&](const Input&) -> at::Tensor { CHECK(false); },
          [&](const Standardize& constants) { return StandardizeImages(constants, inputs[0]); },
          [&](const Convolution& conv) {
            return at::conv2d(inputs[0], weight, {}, {conv.stride, conv.stride},
                              {conv.padding, conv.padding}, {conv.dilation, conv.dilation},
                              conv.groups);
          },
          [&](const BatchNorm&) -> at::Tensor { CHECK(false); },
          [&](const GroupNorm& norm) {
            return at::group_norm(inputs[0], norm.groups, weight, bias, kNormEpsilon);
          },
          [&](const LayerNorm&) { return NormalizePixels(inputs[0], weight, bias); },
          [&](const InstanceNorm&) {
            return at::instance_norm(inputs[0], {}, {}, {}, {}, /*use_input_stats=*/true,
                                     /*momentum=*/0, kNormEpsilon, /*cudnn_enabled=*/true);
          },
          [&](const Activation& activation) { return Activate(activation.kind, inputs[0]); },
          [&](const Sigmoid&) { return at::sigmoid(inputs[0]); },
          [&](const AveragePool& pool) {
            return at::avg_pool2d(inputs[0], {pool.kernel, pool.kernel}, {pool.stride, pool.stride},
                                  {pool.padding, pool.padding}, /*ceil_mode=*/false,
                                  pool.count_padding);
          },
          [&](const GlobalAveragePool&) {
            return inputs[0].mean({2, 3});
          },
          [&](const CornerCrop&) { return CropCorner(inputs[0]); },
          [&](const Linear&) { return at::linear(inputs[0], weight, bias); },
          [&](const Add&) { return at::add(inputs[0], inputs[1]); },
          [&](const Multiply&) { return at::mul(inputs[0], inputs[1].unsqueeze(2).unsqueeze(3)); },
          [&](const Slice& slice) {
            return inputs[0].narrow(1, slice.first, node.output.channels);
          },
          [&](const Concatenate&) {
            return at::cat(at::TensorList(inputs.data(), inputs.size()), 1);
          }},
      node.operation);
}

}  // namespace archsweep
