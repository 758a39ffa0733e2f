#pragma once

#include <array>
#include <cstdint>

#include "worker/trainer/draws.h"

namespace archsweep {

// How a training image is changed: the draws of DrawPurpose::kAugmentation for one sample, each
// from blocks of its own, so that one kind of change does not move the draws of another.
//   block 0        corner of the crop (words 0 and 1), mirror image (highest bit of word 2)
//   block 1        angle (word 0)
//   blocks 2, 3    colour: order (word 0 of 2), factors (words 1 to 3 of 2, word 0 of 3)
//   blocks 16..25  resized crop: each a try of area, ratio, top and left

// The crop's corner in the image after padding by `padding` on each side, 0 .. 2 * padding, and
// whether it is mirrored.
struct CropDraw {
  int64_t top = 0;
  int64_t left = 0;
  bool flip = false;
};
CropDraw DrawCrop(const DrawKey& key, uint32_t sample, int padding);

// In [-largest, largest), uniformly.
double DrawRotation(const DrawKey& key, uint32_t sample, double largest_degrees);

// A part of an image, in pixels.
struct Box {
  int64_t top = 0;
  int64_t left = 0;
  int64_t height = 0;
  int64_t width = 0;
  friend bool operator==(const Box&, const Box&) = default;
};

// As torchvision's RandomResizedCrop on an image of `size` x `size`: a share of its area uniform in
// [0.08, 1), a ratio of width to height whose logarithm is uniform between those of 3/4 and 4/3;
// tried anew, ten times at most, where that does not fit, and then the whole image.
Box DrawResizedCrop(const DrawKey& key, uint32_t sample, int64_t size);

// Brightness, contrast, saturation and hue, by which the colours of an image may change.
inline constexpr size_t kColorChanges = 4;
inline constexpr size_t kHue = 3;
using ColorStrengths = std::array<double, kColorChanges>;

// As torchvision's ColorJitter: each factor uniform in [max(0, 1 - strength), 1 + strength), that
// of hue (in turns) in [-strength, strength), and the order of the four changes.
struct ColorDraw {
  std::array<size_t, kColorChanges> order{};
  std::array<double, kColorChanges> factors{};
};
ColorDraw DrawColor(const DrawKey& key, uint32_t sample, const ColorStrengths& strengths);

// CutMix (reference "paper", section 5.2): a box around a point drawn uniformly in the image, cut
// off at its border, whose sides are sqrt(1 - lambda) of the image's with lambda from Beta(1,
// beta); or all boxes of sides `window`, where that is not 0. Sides are rounded down to even
// numbers, as the official code does. Drawn for each sample, where the official code draws once for
// the batch of a process, so that it does not depend on how many share a batch.
Box DrawCutMix(const DrawKey& key, uint32_t sample, int64_t size, double beta, int64_t window);

}  // namespace archsweep
