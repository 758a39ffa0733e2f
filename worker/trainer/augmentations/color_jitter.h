#pragma once

#include <ATen/ATen.h>

#include <span>

#include "worker/trainer/augmentations/augmentation_draws.h"

namespace archsweep {

// Changes brightness, contrast, saturation and hue of each image in its own order, as torchvision's
// ColorJitter defines them on tensors, in single precision and without rounding to bytes:
//   brightness  f x
//   contrast    f x + (1 - f) the mean of the image's grey
//   saturation  f x + (1 - f) the grey of the pixel,  grey = 0.2989 r + 0.587 g + 0.114 b
//   hue         turned by f in the cone of hue, saturation and value
// each clamped to [0, 1]. `images` are [count, 3, size, size] in [0, 1]; what comes out is channels
// last. A factor that changes nothing leaves the bits as they are.
at::Tensor JitteredImages(const at::Tensor& images, std::span<const ColorDraw> draws);

}  // namespace archsweep
