#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <vector>

#include "worker/trainer/augmentations/augmentation_draws.h"

namespace archsweep {

// Changes of place of a batch of images, each image by its own draw. Images that come out are in
// [0, 1], in single precision, channels last, on the device of those that enter; nothing waits for
// the device.

// The images of the given indices, padded with `padding` zeros on each side, cropped back to their
// size and perhaps mirrored. `images` are bytes [count, 3, size, size], contiguous.
at::Tensor CroppedImages(const at::Tensor& images, std::span<const int64_t> indices,
                         std::span<const CropDraw> crops, int padding);

// The same by tensor operations, as CroppedImages does it on other devices than the processor.
at::Tensor CroppedByIndex(const at::Tensor& images, std::span<const int64_t> indices,
                          std::span<const CropDraw> crops, int padding);

// The boxes of the images of the given indices, scaled to the whole size and perhaps mirrored: by
// bilinear interpolation between the centres of pixels, not rounded to bytes in between. As boxes
// are never larger than the image, the antialiasing of torchvision on PIL images changes nothing,
// and this is within the rounding of its bytes. `images` as above.
at::Tensor ResizedCrops(const at::Tensor& images, std::span<const int64_t> indices,
                        std::span<const Box> boxes, const std::vector<bool>& flips);

// `images` (as they come out above) turned around their centre, counter-clockwise, by the nearest
// pixel, with zeros where nothing was: torchvision's RandomRotation on PIL images, with positions
// in double precision instead of PIL's fixed point.
at::Tensor RotatedImages(const at::Tensor& images, std::span<const double> degrees);

// Bytes as numbers in [0, 1], in single precision and channels last.
at::Tensor ToUnitRange(const at::Tensor& bytes);

// A tensor of the host's values on the device of `like`, without waiting for the device.
at::Tensor IndexTensor(std::span<const int64_t> indices, const at::Tensor& like);
at::Tensor OnDevice(const at::Tensor& host, const at::Tensor& like);

}  // namespace archsweep
