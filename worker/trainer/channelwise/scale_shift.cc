#include "worker/trainer/channelwise/scale_shift.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>

#include "worker/trainer/channelwise/channel_kernels.h"

namespace archsweep {
namespace {

constexpr int64_t kRepeatedMin = 256;  // Values; shorter inner loops cost more than their work.
constexpr int64_t kGrain = 1 << 15;    // Values that are worth a thread.

// Whether the kernels can run over these values.
bool HasKernel(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.dim() == 4 &&
         tensor.is_contiguous(at::MemoryFormat::ChannelsLast) &&
         (tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kDouble);
}

// Calls `kernel` with ranges of values, in several threads: whole repetitions of the constants
// first, then whole pixels.
template <class Kernel>
void ForRanges(const at::Tensor& x, const ChannelConstants& constants, const Kernel& kernel) {
  const int64_t channels = x.size(1);
  const int64_t period = constants.Repeated().size(0);
  const int64_t whole = x.numel() / period;
  at::parallel_for(
      0, whole, std::max<int64_t>(1, kGrain / period),
      [&](int64_t begin, int64_t end) { kernel(begin * period, (end - begin) * period, period); });
  kernel(whole * period, x.numel() - whole * period, channels);
}

template <class Real>
void RunScaleShift(const at::Tensor& x, const ChannelConstants& scale,
                   const ChannelConstants& shift, bool relu, at::Tensor& result) {
  const Real* const in = x.const_data_ptr<Real>();
  Real* const out = result.mutable_data_ptr<Real>();
  const Real* const scales = scale.Repeated().const_data_ptr<Real>();
  const Real* const shifts = shift.Repeated().const_data_ptr<Real>();
  const Real lowest = relu ? 0 : -std::numeric_limits<Real>::infinity();
  ForRanges(x, scale, [&](int64_t first, int64_t count, int64_t period) {
    ScaleShift(in + first, scales, shifts, lowest, out + first, count, period);
  });
}

template <class Real>
void RunMaskedScale(const at::Tensor& gradient, const at::Tensor& y, const ChannelConstants& scale,
                    const at::Tensor& sum, at::Tensor& result) {
  const Real* const in = gradient.const_data_ptr<Real>();
  const Real* const mask = y.const_data_ptr<Real>();
  const Real* const scales = scale.Repeated().const_data_ptr<Real>();
  const Real* const sums = sum.defined() ? sum.const_data_ptr<Real>() : nullptr;
  Real* const out = result.mutable_data_ptr<Real>();
  ForRanges(y, scale, [&](int64_t first, int64_t count, int64_t period) {
    MaskedScale(in + first, mask + first, scales, sums == nullptr ? nullptr : sums + first,
                out + first, count, period);
  });
}

}  // namespace

ChannelConstants::ChannelConstants(const at::Tensor& by_channel)
    : spread_(by_channel.view({1, -1, 1, 1})),
      repeated_(by_channel.repeat({(kRepeatedMin + by_channel.size(0) - 1) / by_channel.size(0)})) {
}

bool IsUnshared(const at::Tensor& tensor) {
  return tensor.defined() && tensor.use_count() == 1 && tensor.storage().use_count() == 1;
}

at::Tensor ScaleShift(const at::Tensor& x, const ChannelConstants& scale,
                      const ChannelConstants& shift, bool relu) {
  if (!HasKernel(x)) {
    at::Tensor result = at::addcmul(shift.Spread(), x, scale.Spread());
    return relu ? result.relu_() : result;
  }
  at::Tensor result = at::empty_like(x);
  if (x.scalar_type() == at::kFloat) {
    RunScaleShift<float>(x, scale, shift, relu, result);
  } else {
    RunScaleShift<double>(x, scale, shift, relu, result);
  }
  return result;
}

at::Tensor ScaleShiftReluBackward(at::Tensor gradient, const at::Tensor& y,
                                  const ChannelConstants& scale, at::Tensor sum) {
  if (!HasKernel(gradient) || !HasKernel(y) || (sum.defined() && !HasKernel(sum))) {
    at::Tensor scaled = at::threshold_backward(gradient, y, 0).mul_(scale.Spread());
    return sum.defined() ? scaled.add_(sum) : scaled;
  }
  at::Tensor result = IsUnshared(sum)        ? sum
                      : IsUnshared(gradient) ? gradient
                                             : at::empty_like(gradient);
  if (y.scalar_type() == at::kFloat) {
    RunMaskedScale<float>(gradient, y, scale, sum, result);
  } else {
    RunMaskedScale<double>(gradient, y, scale, sum, result);
  }
  return result;
}

}  // namespace archsweep
