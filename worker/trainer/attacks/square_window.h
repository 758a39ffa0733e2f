#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "worker/trainer/attacks/reference_draws.h"

namespace archsweep {

// What one query of Square changes in all images (reference, section 1.5): a square, each channel
// of which moves by 2 epsilon times its sign.
struct SquareWindow {
  int64_t side = 0;
  int64_t top = 0;
  int64_t left = 0;
  at::Tensor signs;  // [channels, 1, 1], on the processor.
};

// Side of the square of a query, counted from 0, in pixels.
int64_t SquareSide(int query, int64_t height, int64_t width);

// Draws the window of a query for images of shape [channels, height, width].
SquareWindow DrawSquareWindow(ReferenceDraws& draws, int query, at::IntArrayRef image_shape);

}  // namespace archsweep
