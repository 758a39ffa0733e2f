#include "worker/trainer/augmentations/augmentation_draws.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace archsweep {
namespace {

constexpr uint32_t kRotationBlock = 1;
constexpr uint32_t kColorBlock = 2;
constexpr uint32_t kResizedCropBlock = 16;
constexpr int kResizedCropTries = 10;

double Between(double low, double high, uint32_t word) { return low + (high - low) * UnitOf(word); }

// The orders of four things by their number, 0 .. 23.
std::array<size_t, kColorChanges> OrderOf(int64_t number) {
  std::array<size_t, kColorChanges> order = {0, 1, 2, 3};
  for (size_t left = kColorChanges; left > 1; --left) {
    const auto options = static_cast<int64_t>(left);
    std::swap(order.at(left - 1), order.at(static_cast<size_t>(number % options)));
    number /= options;
  }
  return order;
}

}  // namespace

CropDraw DrawCrop(const DrawKey& key, uint32_t sample, int padding) {
  const auto words = DrawBlock(key, sample, 0);
  const int64_t corners = 2 * int64_t{padding} + 1;
  return {.top = IntegerOf(words[0], corners),
          .left = IntegerOf(words[1], corners),
          .flip = (words[2] >> 31) != 0};
}

double DrawRotation(const DrawKey& key, uint32_t sample, double largest_degrees) {
  const auto words = DrawBlock(key, sample, kRotationBlock);
  return Between(-largest_degrees, largest_degrees, words[0]);
}

Box DrawResizedCrop(const DrawKey& key, uint32_t sample, int64_t size) {
  constexpr double kLeastArea = 0.08;
  const double largest_ratio = std::log(4.0 / 3.0);
  const double area = static_cast<double>(size * size);
  for (uint32_t i = 0; i < kResizedCropTries; ++i) {
    const auto words = DrawBlock(key, sample, kResizedCropBlock + i);
    const double target = area * Between(kLeastArea, 1, words[0]);
    const double ratio = std::exp(Between(-largest_ratio, largest_ratio, words[1]));
    const auto width = static_cast<int64_t>(std::nearbyint(std::sqrt(target * ratio)));
    const auto height = static_cast<int64_t>(std::nearbyint(std::sqrt(target / ratio)));
    if (width < 1 || width > size || height < 1 || height > size) continue;
    return {.top = IntegerOf(words[2], size - height + 1),
            .left = IntegerOf(words[3], size - width + 1),
            .height = height,
            .width = width};
  }
  return {.top = 0, .left = 0, .height = size, .width = size};
}

ColorDraw DrawColor(const DrawKey& key, uint32_t sample, const ColorStrengths& strengths) {
  constexpr int64_t kOrders = 24;
  const auto first = DrawBlock(key, sample, kColorBlock);
  const auto second = DrawBlock(key, sample, kColorBlock + 1);
  const std::array<uint32_t, kColorChanges> words = {first[1], first[2], first[3], second[0]};
  ColorDraw draw{.order = OrderOf(IntegerOf(first[0], kOrders)), .factors = {}};
  for (size_t i = 0; i < kColorChanges; ++i) {
    const double strength = strengths.at(i);
    const double middle = i == kHue ? 0 : 1;
    const double low = i == kHue ? -strength : std::max(0.0, 1 - strength);
    draw.factors.at(i) = Between(low, middle + strength, words.at(i));
  }
  return draw;
}

Box DrawCutMix(const DrawKey& key, uint32_t sample, int64_t size, double beta, int64_t window) {
  const auto words = DrawBlock(key, sample, 0);
  // 1 - lambda has the distribution function x^beta.
  const double side = std::pow(1 - UnitOf(words[2]), 1 / (2 * beta)) * static_cast<double>(size);
  const int64_t half = (window > 0 ? window : static_cast<int64_t>(side)) / 2;
  const auto range = [&](uint32_t word) {
    const int64_t middle = IntegerOf(word, size);
    return std::pair(std::max<int64_t>(middle - half, 0), std::min(middle + half, size));
  };
  const auto [top, bottom] = range(words[0]);
  const auto [left, right] = range(words[1]);
  return {.top = top, .left = left, .height = bottom - top, .width = right - left};
}

}  // namespace archsweep
