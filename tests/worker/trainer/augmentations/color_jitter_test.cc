#include "worker/trainer/augmentations/color_jitter.h"

#include <gtest/gtest.h>

#include <vector>

namespace archsweep {
namespace {

using Values = std::vector<double>;
using Order = std::array<size_t, kColorChanges>;

constexpr Order kInOrder = {0, 1, 2, 3};

// Four pixels with red, green and blue beside each other in every way: of [1, 3, 2, 2].
at::Tensor FourPixels() {
  return at::tensor({0.2F, 0.9F, 0.5F, 0.0F, 0.4F, 0.1F, 0.5F, 0.0F, 0.6F, 0.3F, 0.5F, 1.0F})
      .view({1, 3, 2, 2});
}

// What becomes of the four pixels, channel by channel.
at::Tensor Jittered(const Values& factors, const Order& order = kInOrder) {
  const ColorDraw draw = {.order = order,
                          .factors = {factors[0], factors[1], factors[2], factors[3]}};
  return JitteredImages(FourPixels(), std::vector{draw}).flatten();
}

void ExpectNear(const at::Tensor& found, const Values& expected) {
  ASSERT_EQ(found.numel(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(found[static_cast<int64_t>(i)].item<double>(), expected[i], 2e-6) << i;
  }
}

TEST(ColorJitter, WithoutStrengthLeavesTheBits) {
  EXPECT_TRUE(Jittered({1, 1, 1, 0}).equal(FourPixels().flatten()));
  EXPECT_TRUE(Jittered({1, 1, 1, 0}, {3, 1, 0, 2}).equal(FourPixels().flatten()));
}

TEST(ColorJitter, OfBrightnessMultipliesAndClamps) {
  ExpectNear(Jittered({1.3, 1, 1, 0}),
             {0.26, 1.0, 0.65, 0.0, 0.52, 0.13, 0.65, 0.0, 0.78, 0.39, 0.65, 1.0});
}

// The grey of the pixels is 0.36298, 0.36191, 0.49995 and 0.114, their mean 0.33471: what is
// pulled towards it by 0.3 gains 0.100413.
TEST(ColorJitter, OfContrastGoesTowardsTheMeanGrey) {
  const double gain = 0.3 * (0.36298 + 0.36191 + 0.49995 + 0.114) / 4;
  Values expected;
  for (const double value : {0.2, 0.9, 0.5, 0.0, 0.4, 0.1, 0.5, 0.0, 0.6, 0.3, 0.5, 1.0}) {
    expected.push_back(0.7 * value + gain);
  }
  ExpectNear(Jittered({1, 0.7, 1, 0}), expected);
}

TEST(ColorJitter, OfSaturationGoesAwayFromTheGreyOfThePixel) {
  ExpectNear(Jittered({1, 1, 1.4, 0}), {0.134808, 1.0, 0.50002, 0.0, 0.414808, 0.0, 0.50002, 0.0,
                                        0.694808, 0.275236, 0.50002, 1.0});
}

// By hand: the first pixel has hue 7/12 and turns to 7/12 + 0.15, between blue and violet.
TEST(ColorJitter, OfHueTurnsTheColourAndKeepsGrey) {
  ExpectNear(Jittered({1, 1, 1, 0.15}),
             {0.36, 0.9, 0.5, 0.9, 0.2, 0.62, 0.5, 0.0, 0.6, 0.1, 0.5, 1.0});
  ExpectNear(Jittered({1, 1, 1, -0.2}),
             {0.2, 0.54, 0.5, 0.0, 0.6, 0.1, 0.5, 1.0, 0.32, 0.9, 0.5, 0.8});
}

// torchvision 0.26 gives these.
TEST(ColorJitter, FollowsTheDrawnOrder) {
  ExpectNear(Jittered({1.2, 1.3, 0.6, 0.1}, {2, 0, 3, 1}),
             {0.3190140, 0.9361064, 0.6478434, 0.5006109, 0.2815741, 0.4493861, 0.6478434, 0.0,
              0.6559742, 0.1873064, 0.6478434, 0.8750107});
}

TEST(ColorJitter, ByAWholeTurnChangesNothing) {
  const at::Tensor turned = Jittered({1, 1, 1, 1});
  EXPECT_LT((turned - FourPixels().flatten()).abs().max().item<double>(), 1e-6);
}

TEST(ColorJitter, KeepsEachImageToItsOwnDraw) {
  const at::Tensor images = at::rand({3, 3, 5, 5});
  const std::vector<ColorDraw> draws = {{.order = {0, 3, 1, 2}, .factors = {1.2, 0.7, 1.4, 0.1}},
                                        {.order = {1, 2, 3, 0}, .factors = {0.6, 1.1, 0.8, -0.2}},
                                        {.order = {3, 2, 1, 0}, .factors = {1, 1, 1, 0}}};
  const at::Tensor all = JitteredImages(images, draws);
  for (int64_t i = 0; i < 3; ++i) {
    const std::vector<ColorDraw> one = {draws[static_cast<size_t>(i)]};
    EXPECT_TRUE(JitteredImages(images.narrow(0, i, 1), one)[0].equal(all[i])) << i;
  }
  EXPECT_TRUE(all[2].equal(images[2]));
}

}  // namespace
}  // namespace archsweep
