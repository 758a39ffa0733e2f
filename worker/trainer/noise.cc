#include "worker/trainer/noise.h"

#include "base/check.h"
#include "worker/trainer/augmentations/move_images.h"

namespace archsweep {
namespace {

template <class Fill>
at::Tensor FillBySample(std::span<const int64_t> samples, const at::Tensor& like, Fill fill) {
  CHECK(like.size(0) == static_cast<int64_t>(samples.size()));
  const at::Tensor noise = at::empty(like.sizes(), at::kFloat);
  const auto values = static_cast<size_t>(like[0].numel());
  float* data = noise.mutable_data_ptr<float>();
  for (size_t i = 0; i < samples.size(); ++i) {
    fill(static_cast<uint32_t>(samples[i]), std::span(data + i * values, values));
  }
  return OnDevice(noise, like)
      .to(like.options(), /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast);
}

}  // namespace

at::Tensor NormalNoise(const DrawKey& key, std::span<const int64_t> samples,
                       const at::Tensor& like) {
  return FillBySample(samples, like, [&](uint32_t sample, std::span<float> values) {
    DrawNormal(key, sample, values);
  });
}

at::Tensor UniformNoise(const DrawKey& key, std::span<const int64_t> samples, double bound,
                        const at::Tensor& like) {
  const at::Tensor unit = FillBySample(
      samples, like,
      [&](uint32_t sample, std::span<float> values) { DrawUniform(key, sample, values); });
  return (unit * 2 - 1) * bound;
}

}  // namespace archsweep
