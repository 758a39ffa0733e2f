// What LibTorch cannot do in C++, only in Python, with tensors that have shapes and no values.

#include <ATen/ATen.h>
#include <ATen/ExpandUtils.h>
#include <torch/library.h>

#include <array>
#include <optional>
#include <tuple>
#include <vector>

namespace archsweep {
namespace {

using Optional = std::optional<at::Tensor>;
using Triple = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

at::Tensor Convolve(const at::Tensor& input, const at::Tensor& weight, const Optional&,
                    at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool,
                    at::IntArrayRef, int64_t) {
  std::vector<int64_t> shape = {input.size(0), weight.size(0)};
  for (size_t i = 0; i < 2; ++i) {
    const auto side = static_cast<int64_t>(i) + 2;
    const int64_t window = dilation[i] * (weight.size(side) - 1) + 1;
    shape.push_back((input.size(side) + 2 * padding[i] - window) / stride[i] + 1);
  }
  return at::empty(shape, input.options().memory_format(input.suggest_memory_format()));
}

Triple ConvolveBackward(const at::Tensor& gradient, const at::Tensor& input,
                        const at::Tensor& weight, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef,
                        bool, at::IntArrayRef, int64_t, std::array<bool, 3> wanted) {
  const auto like = [](bool is_wanted, const at::Tensor& tensor) {
    return is_wanted ? at::empty_like(tensor) : at::Tensor();
  };
  return {like(wanted[0], input), like(wanted[1], weight),
          wanted[2] ? at::empty(weight.size(0), gradient.options()) : at::Tensor()};
}

at::Tensor PerChannel(const at::Tensor& x) { return at::empty(x.size(1), x.options()); }

Triple BatchNorm(const at::Tensor& x, const Optional&, const Optional&, const Optional&,
                 const Optional&, bool, double, double) {
  return {at::empty_like(x), PerChannel(x), PerChannel(x)};
}

Triple BatchNormBackward(const at::Tensor& gradient, const at::Tensor& x, const Optional&,
                         const Optional&, const Optional&, const Optional&, const Optional&, bool,
                         double, std::array<bool, 3>) {
  return {at::empty_like(gradient), PerChannel(x), PerChannel(x)};
}

std::tuple<at::Tensor, at::Tensor> UpdateStatistics(const at::Tensor& x, const Optional&,
                                                    const Optional&, double) {
  return {PerChannel(x), PerChannel(x)};
}

at::Tensor Where(const at::Tensor& condition, const at::Tensor& yes, const at::Tensor& no) {
  return at::empty(at::infer_size(condition.sizes(), at::infer_size(yes.sizes(), no.sizes())),
                   yes.options());
}

TORCH_LIBRARY_IMPL(aten, Meta, library) {
  library.impl("convolution_overrideable", Convolve);
  library.impl("convolution_backward_overrideable", ConvolveBackward);
  library.impl("native_batch_norm", BatchNorm);
  library.impl("native_batch_norm_backward", BatchNormBackward);
  library.impl("batch_norm_update_stats", UpdateStatistics);
  library.impl("where.self", Where);
}

}  // namespace
}  // namespace archsweep
