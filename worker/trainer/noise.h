#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>

#include "worker/trainer/draws.h"

namespace archsweep {

// Draws for images, [samples, channels, height, width] like `like` in shape, type and device,
// channels last. Values of a sample are drawn in the order channel, row, column.
at::Tensor NormalNoise(const DrawKey& key, std::span<const int64_t> samples,
                       const at::Tensor& like);

// In [-bound, bound).
at::Tensor UniformNoise(const DrawKey& key, std::span<const int64_t> samples, double bound,
                        const at::Tensor& like);

}  // namespace archsweep
