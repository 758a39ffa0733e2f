#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>

#include "sweep/trial/dataset.h"
#include "sweep/trial/training.h"
#include "worker/data/dataset.h"
#include "worker/data/image_set.h"
#include "worker/trainer/augmentations/augmentation_draws.h"
#include "worker/trainer/augmentations/move_images.h"

namespace archsweep {

// A whole image set on the device, as it was read.
struct DeviceImages {
  at::Tensor pixels;  // Bytes [count, 3, size, size].
  at::Tensor labels;  // [count]
};

// `images` must outlive the result.
DeviceImages Upload(const ImageSet& images, const ImageFormat& format, at::Device device);

// The training images and, behind them, the extra ones. `data` must outlive the result.
DeviceImages UploadTraining(const Dataset& data, at::Device device);

// The images of the given indices, in [0, 1], in single precision and channels last.
// `images` are bytes [count, 3, size, size].
at::Tensor Images(const at::Tensor& images, std::span<const int64_t> indices);

// How training images are changed, in this order. Each change has draws of its own, keyed by the
// sample, so that nothing depends on how a batch is cut.
struct AugmentationSettings {
  int crop_padding = 4;         // Zeros on each side, before a crop of the old size.
  bool resized_crop = false;    // A box of the image, scaled to its size; instead of crop_padding.
  bool flip = true;             // Half of the images are mirrored.
  double rotation_degrees = 0;  // Largest angle.
  ColorStrengths color_jitter = {};
  // CutMix is the batch's and not a single image's (cutmix.h); 0: none. `cutmix_window` fixes the
  // sides of all boxes.
  double cutmix_beta = 0;
  int cutmix_window = 0;
};

// What a recipe says (reference "paper", section 5.1): `augment` is a crop after padding by 4, or a
// resized one, and mirroring; hue changes by half the strength of the other colours; CutMix draws
// from Beta(1, 1).
AugmentationSettings AugmentationOf(const TrainingSpec& spec);

// The images of the given indices, changed as the settings say but for CutMix. `key` is of
// DrawPurpose::kAugmentation, and an index is the sample of its draws.
at::Tensor AugmentedImages(const at::Tensor& images, std::span<const int64_t> indices,
                           const AugmentationSettings& settings, const DrawKey& key);

}  // namespace archsweep
