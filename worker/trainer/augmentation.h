#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>

#include "sweep/trial/dataset.h"
#include "worker/data/image_set.h"
#include "worker/trainer/draws.h"

namespace archsweep {

inline constexpr int kCropPadding = 4;  // Zeros on each side (paper, section 5.1).

// A whole image set on the device, as it was read.
struct DeviceImages {
  at::Tensor pixels;  // Bytes [count, 3, size, size].
  at::Tensor labels;  // [count]
};

// `images` must outlive the result.
DeviceImages Upload(const ImageSet& images, const ImageFormat& format, at::Device device);

// The images of the given indices, in [0, 1], in single precision and channels last.
// `images` are bytes [count, 3, size, size].
at::Tensor Images(const at::Tensor& images, std::span<const int64_t> indices);

// The same, each padded with zeros, cropped back to its size and perhaps mirrored as drawn.
at::Tensor AugmentedImages(const at::Tensor& images, std::span<const int64_t> indices,
                           std::span<const CropDraw> crops);

// On the device of `like`.
at::Tensor IndexTensor(std::span<const int64_t> indices, const at::Tensor& like);

}  // namespace archsweep
