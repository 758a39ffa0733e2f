#pragma once

#include <ATen/ATen.h>

namespace archsweep {

// One constant for each channel of [images, channels, height, width].
class ChannelConstants {
 public:
  ChannelConstants() = default;
  explicit ChannelConstants(const at::Tensor& by_channel);  // [channels]

  const at::Tensor& Spread() const { return spread_; }      // [1, channels, 1, 1]
  const at::Tensor& Repeated() const { return repeated_; }  // All channels, several times over.

 private:
  at::Tensor spread_, repeated_;
};

// Whether nothing but this reference holds the tensor and its memory, so that it may be
// overwritten.
bool IsUnshared(const at::Tensor& tensor);

// x * scale + shift, or the larger of it and 0 with `relu`. In one pass on the processor where the
// memory of x runs channel by channel.
at::Tensor ScaleShift(const at::Tensor& x, const ChannelConstants& scale,
                      const ChannelConstants& shift, bool relu);

// The way back of the latter: gradient of x, given that of the result y, plus `sum` if it is
// defined. Overwrites `sum` or `gradient` where it may.
at::Tensor ScaleShiftReluBackward(at::Tensor gradient, const at::Tensor& y,
                                  const ChannelConstants& scale, at::Tensor sum);

}  // namespace archsweep
