#include "worker/trainer/augmentations/move_images.h"

#include <gtest/gtest.h>

#include <vector>

namespace archsweep {
namespace {

at::Tensor SomeImages(int64_t count, int64_t size) {
  const at::Tensor numbers = at::arange(count * 3 * size * size, at::kLong);
  return (numbers * numbers).remainder(251).to(at::kByte).view({count, 3, size, size});
}

// One image whose channels are `pixels`, that plus 100, and 0.
at::Tensor ImageOf(const std::vector<std::vector<int>>& pixels) {
  const auto size = static_cast<int64_t>(pixels.size());
  const at::Tensor image = at::zeros({1, 3, size, size}, at::kByte);
  for (int64_t row = 0; row < size; ++row) {
    for (int64_t column = 0; column < size; ++column) {
      const int value = pixels[static_cast<size_t>(row)][static_cast<size_t>(column)];
      image[0][0][row][column].fill_(value);
      image[0][1][row][column].fill_(value + 100);
    }
  }
  return image;
}

// The first channel of the first image, in bytes.
std::vector<std::vector<int>> FirstChannel(const at::Tensor& images) {
  const at::Tensor bytes = (images[0][0] * 255).round().to(at::kInt);
  std::vector<std::vector<int>> rows;
  for (int64_t row = 0; row < bytes.size(0); ++row) {
    rows.emplace_back();
    for (int64_t column = 0; column < bytes.size(1); ++column) {
      rows.back().push_back(bytes[row][column].item<int>());
    }
  }
  return rows;
}

using Pixels = std::vector<std::vector<int>>;
const std::vector<int64_t> kFirst = {0};

TEST(CroppedImages, ArePaddedMovedAndMirrored) {
  const at::Tensor image = ImageOf({{1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
  const auto cropped = [&](const CropDraw& crop) {
    return FirstChannel(CroppedImages(image, kFirst, std::vector{crop}, 1));
  };
  EXPECT_EQ(cropped({.top = 1, .left = 1, .flip = false}),
            (Pixels{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}));
  EXPECT_EQ(cropped({.top = 0, .left = 0, .flip = false}),
            (Pixels{{0, 0, 0}, {0, 1, 2}, {0, 4, 5}}));
  EXPECT_EQ(cropped({.top = 2, .left = 1, .flip = false}),
            (Pixels{{4, 5, 6}, {7, 8, 9}, {0, 0, 0}}));
  EXPECT_EQ(cropped({.top = 2, .left = 2, .flip = true}),
            (Pixels{{0, 6, 5}, {0, 9, 8}, {0, 0, 0}}));
}

TEST(CroppedImages, AreTheSameOnEveryDevice) {
  const at::Tensor images = SomeImages(30, 32);
  std::vector<int64_t> indices;
  std::vector<CropDraw> crops;
  for (uint32_t i = 0; i < 200; ++i) {
    indices.push_back(i * 7 % 30);
    crops.push_back(DrawCrop({.seed = 1, .purpose = DrawPurpose::kAugmentation}, i, 4));
  }
  const at::Tensor host = CroppedImages(images, indices, crops, 4);
  EXPECT_TRUE(host.equal(CroppedByIndex(images, indices, crops, 4)));
  EXPECT_TRUE(host.is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST(CroppedImages, MirroredTwiceAreThemselves) {
  const at::Tensor images = SomeImages(3, 8);
  const std::vector<int64_t> all = {0, 1, 2};
  const std::vector<CropDraw> mirror(3, {.top = 0, .left = 0, .flip = true});
  const at::Tensor once = CroppedImages(images, all, mirror, 0);
  EXPECT_FALSE(once.equal(ToUnitRange(images)));
  const at::Tensor bytes = (once * 255).round().to(at::kByte).contiguous();
  EXPECT_TRUE(CroppedImages(bytes, all, mirror, 0).equal(ToUnitRange(images)));
}

TEST(ResizedCrops, OfTheWholeAreTheImage) {
  const at::Tensor images = SomeImages(2, 16);
  const std::vector<int64_t> indices = {1, 0};
  const std::vector<Box> whole(2, {.top = 0, .left = 0, .height = 16, .width = 16});
  const at::Tensor result = ResizedCrops(images, indices, whole, {false, true});
  EXPECT_TRUE(result[0].equal(images[1].to(at::kFloat) / 255));
  EXPECT_TRUE(result[1].equal(images[0].flip({2}).to(at::kFloat) / 255));
  EXPECT_TRUE(result.is_contiguous(at::MemoryFormat::ChannelsLast));
}

// Pillow 13 scales the box (top 1, left 0, height 2, width 2) of this image to 4 x 4 to these
// bytes.
TEST(ResizedCrops, InterpolateBetweenCentresOfPixels) {
  const at::Tensor image =
      ImageOf({{0, 8, 16, 24}, {16, 24, 32, 40}, {32, 40, 48, 56}, {48, 56, 64, 72}});
  const std::vector<Box> box = {{.top = 1, .left = 0, .height = 2, .width = 2}};
  EXPECT_EQ(FirstChannel(ResizedCrops(image, kFirst, box, {false})),
            (Pixels{{16, 18, 22, 24}, {20, 22, 26, 28}, {28, 30, 34, 36}, {32, 34, 38, 40}}));
}

TEST(ResizedCrops, OfOneColourStayThatColour) {
  const at::Tensor images = at::full({1, 3, 64, 64}, 77, at::kByte);
  for (uint32_t i = 0; i < 50; ++i) {
    const std::vector<Box> box = {DrawResizedCrop({.seed = 3}, i, 64)};
    EXPECT_TRUE(ResizedCrops(images, kFirst, box, {i % 2 == 0}).equal(ToUnitRange(images)));
  }
}

TEST(RotatedImages, ByNothingAreThemselves) {
  const at::Tensor images = ToUnitRange(SomeImages(2, 32));
  EXPECT_TRUE(RotatedImages(images, std::vector<double>{0, 0}).equal(images));
}

TEST(RotatedImages, ByRightAnglesTurnCounterClockwise) {
  const at::Tensor images = ToUnitRange(SomeImages(1, 32));
  EXPECT_TRUE(RotatedImages(images, std::vector{90.0}).equal(images.rot90(1, {2, 3})));
  EXPECT_TRUE(RotatedImages(images, std::vector{180.0}).equal(images.rot90(2, {2, 3})));
  EXPECT_TRUE(RotatedImages(images, std::vector{-90.0}).equal(images.rot90(3, {2, 3})));
}

// Pillow 13 turns this image by 20 degrees to these bytes.
TEST(RotatedImages, TakeTheNearestPixelAndZeroWhereNothingWas) {
  const at::Tensor image = ImageOf({{10, 11, 12, 13, 14, 15},
                                    {20, 21, 22, 23, 24, 25},
                                    {30, 31, 32, 33, 34, 35},
                                    {40, 41, 42, 43, 44, 45},
                                    {50, 51, 52, 53, 54, 55},
                                    {60, 61, 62, 63, 64, 65}});
  EXPECT_EQ(FirstChannel(RotatedImages(ToUnitRange(image), std::vector{20.0})),
            (Pixels{{0, 12, 13, 14, 25, 0},
                    {11, 22, 23, 23, 34, 35},
                    {20, 31, 32, 33, 44, 45},
                    {30, 31, 42, 43, 44, 55},
                    {40, 41, 52, 52, 53, 64},
                    {0, 50, 61, 62, 63, 0}}));
}

TEST(RotatedImages, TurnEachImageByItsOwnAngle) {
  const at::Tensor images = ToUnitRange(SomeImages(3, 20));
  const std::vector<double> degrees = {-17.5, 3.25, 19};
  const at::Tensor all = RotatedImages(images, degrees);
  for (int64_t i = 0; i < 3; ++i) {
    const std::vector<double> one = {degrees[static_cast<size_t>(i)]};
    EXPECT_TRUE(RotatedImages(images.narrow(0, i, 1), one)[0].equal(all[i]));
  }
  EXPECT_TRUE(all.is_contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace
}  // namespace archsweep
