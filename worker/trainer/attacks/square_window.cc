#include "worker/trainer/attacks/square_window.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace archsweep {
namespace {

constexpr double kFirstShare = 0.8;  // Of the pixels.

double ShareOf(int query) {
  constexpr int kLastQueries[] = {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
  double share = kFirstShare;
  for (const int last : kLastQueries) {
    if (query > last) share /= 2;
  }
  return share;
}

}  // namespace

int64_t SquareSide(int query, int64_t height, int64_t width) {
  // To the nearest, halves to the even number, as Python rounds.
  const double side =
      std::nearbyint(std::sqrt(ShareOf(query) * static_cast<double>(height * width)));
  return std::min({std::max(static_cast<int64_t>(side), int64_t{1}), height, width});
}

SquareWindow DrawSquareWindow(ReferenceDraws& draws, int query, at::IntArrayRef image_shape) {
  CHECK(image_shape.size() == 3);
  SquareWindow window;
  window.side = SquareSide(query, image_shape[1], image_shape[2]);
  window.top = draws.Below(image_shape[1] - window.side);
  window.left = draws.Below(image_shape[2] - window.side);
  window.signs = draws.Signs({image_shape[0], 1, 1});
  return window;
}

}  // namespace archsweep
