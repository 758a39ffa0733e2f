#include "worker/trainer/augmentations/augmentation_draws.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace archsweep {
namespace {

constexpr DrawKey kKey = {.seed = 5, .purpose = DrawPurpose::kAugmentation, .step = 3};
constexpr uint32_t kSamples = 8'100;

TEST(AugmentationDraws, OfCropsCoverAllCornersAndFlipHalf) {
  std::array<std::array<int, 9>, 9> corners{};
  int flips = 0;
  for (uint32_t i = 0; i < kSamples; ++i) {
    const CropDraw crop = DrawCrop(kKey, i, 4);
    ++corners.at(static_cast<size_t>(crop.top)).at(static_cast<size_t>(crop.left));
    flips += crop.flip ? 1 : 0;
  }
  for (const auto& row : corners) {
    for (const int count : row) EXPECT_NEAR(count, 100, 50);
  }
  EXPECT_NEAR(flips, kSamples / 2.0, 180);
}

TEST(AugmentationDraws, OfCropsWithoutPaddingStayAtTheCorner) {
  for (uint32_t i = 0; i < 100; ++i) {
    EXPECT_EQ(DrawCrop(kKey, i, 0).top, 0);
    EXPECT_EQ(DrawCrop(kKey, i, 0).flip, DrawCrop(kKey, i, 4).flip);
  }
}

TEST(AugmentationDraws, OfAnglesAreUniformAroundNone) {
  double sum = 0;
  double squares = 0;
  for (uint32_t i = 0; i < kSamples; ++i) {
    const double angle = DrawRotation(kKey, i, 20);
    EXPECT_GE(angle, -20);
    EXPECT_LT(angle, 20);
    sum += angle;
    squares += angle * angle;
  }
  EXPECT_NEAR(sum / kSamples, 0, 0.6);
  EXPECT_NEAR(squares / kSamples, 400.0 / 3, 5);
}

// Of 20,000 tries with torchvision 0.26 on images of 64 pixels a side the mean area is 0.483 of the
// image and the mean logarithm of the ratio 0.
TEST(AugmentationDraws, OfResizedCropsHaveTheSharesAndRatiosOfTorchvision) {
  double area = 0;
  double ratio = 0;
  for (uint32_t i = 0; i < kSamples; ++i) {
    const Box box = DrawResizedCrop(kKey, i, 64);
    EXPECT_GE(box.top, 0);
    EXPECT_LE(box.top + box.height, 64);
    EXPECT_GE(box.left, 0);
    EXPECT_LE(box.left + box.width, 64);
    const double share = static_cast<double>(box.height * box.width) / (64 * 64);
    EXPECT_GT(share, 0.07);
    const double of_sides = static_cast<double>(box.width) / static_cast<double>(box.height);
    EXPECT_GT(of_sides, 0.70);
    EXPECT_LT(of_sides, 1.43);
    area += share;
    ratio += std::log(of_sides);
  }
  EXPECT_NEAR(area / kSamples, 0.483, 0.01);
  EXPECT_NEAR(ratio / kSamples, 0, 0.01);
}

TEST(AugmentationDraws, OfColorsStayInTheirRangesAndTakeAllOrders) {
  std::map<std::array<size_t, kColorChanges>, int> orders;
  std::array<double, kColorChanges> least = {9, 9, 9, 9};
  std::array<double, kColorChanges> most = {-9, -9, -9, -9};
  for (uint32_t i = 0; i < kSamples; ++i) {
    const ColorDraw draw = DrawColor(kKey, i, {0.4, 0.3, 1.5, 0.2});
    ++orders[draw.order];
    for (size_t j = 0; j < kColorChanges; ++j) {
      least.at(j) = std::min(least.at(j), draw.factors.at(j));
      most.at(j) = std::max(most.at(j), draw.factors.at(j));
    }
  }
  EXPECT_EQ(orders.size(), 24u);
  for (const auto& [order, count] : orders) EXPECT_NEAR(count, kSamples / 24.0, 90);
  const std::array<double, kColorChanges> low = {0.6, 0.7, 0, -0.2};
  const std::array<double, kColorChanges> high = {1.4, 1.3, 2.5, 0.2};
  for (size_t j = 0; j < kColorChanges; ++j) {
    EXPECT_GE(least.at(j), low.at(j));
    EXPECT_NEAR(least.at(j), low.at(j), 0.01);
    EXPECT_LT(most.at(j), high.at(j));
    EXPECT_NEAR(most.at(j), high.at(j), 0.01);
  }
}

TEST(AugmentationDraws, OfColorsWithoutStrengthChangeNothing) {
  for (uint32_t i = 0; i < 100; ++i) {
    EXPECT_EQ(DrawColor(kKey, i, {}).factors, (std::array<double, kColorChanges>{1, 1, 1, 0}));
  }
}

// The share of an image outside of a box that is not cut off at the border is lambda.
TEST(AugmentationDraws, OfCutMixBoxesFollowTheBetaDistribution) {
  constexpr int64_t kSize = 1000;
  for (const double beta : {1.0, 3.0}) {
    double sides = 0;
    int whole = 0;
    for (uint32_t i = 0; i < kSamples; ++i) {
      const Box box = DrawCutMix(kKey, i, kSize, beta, 0);
      EXPECT_GE(box.top, 0);
      EXPECT_LE(box.top + box.height, kSize);
      if (box.top == 0 || box.left == 0 || box.top + box.height == kSize ||
          box.left + box.width == kSize) {
        continue;
      }
      EXPECT_EQ(box.height, box.width);
      ++whole;
      sides += static_cast<double>(box.height) / kSize;
    }
    // A box of side s lies within the image for a share (1 - s)^2 of its places, and s has the
    // density 2 beta s^(2 beta - 1): the mean of s is then a quotient of beta functions.
    const double mean = 2 * beta / (2 * beta + 3);
    EXPECT_NEAR(sides / whole, mean, 0.02) << beta;
  }
}

TEST(AugmentationDraws, OfCutMixTakeTheWindowAsItIsButForAnOddPixel) {
  for (uint32_t i = 0; i < 1000; ++i) {
    const Box box = DrawCutMix(kKey, i, 32, 1, 21);
    EXPECT_LE(box.height, 20);
    EXPECT_GE(box.height, 10);
    if (box.top > 0 && box.top + box.height < 32) {
      EXPECT_EQ(box.height, 20);
    }
  }
}

}  // namespace
}  // namespace archsweep
