#pragma once

#include <ATen/ATen.h>

#include <span>

#include "worker/trainer/augmentations/augmentation_draws.h"

namespace archsweep {

// Images of which a box is another image's.
struct MixedImages {
  at::Tensor images;  // As those that entered.
  at::Tensor share;   // [count], in single precision: of an image's area that is its own.
};

// Puts the box of each image into the same place of its partner. Both are [count, 3, size, size].
MixedImages MixImages(const at::Tensor& images, const at::Tensor& partners,
                      std::span<const Box> boxes);

// The probabilities [count, classes] of mixed images: `share` of the own label, the rest of the
// partner's. Labels are classes [count].
at::Tensor MixedLabels(const at::Tensor& labels, const at::Tensor& partner_labels,
                       const at::Tensor& share, int classes);

}  // namespace archsweep
