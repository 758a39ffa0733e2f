#include "worker/trainer/augmentation.h"

#include <gtest/gtest.h>

#include <vector>

namespace archsweep {
namespace {

at::Tensor SomeImages() {
  return at::arange(3 * 3 * 32 * 32, at::kLong).remainder(251).to(at::kByte).view({3, 3, 32, 32});
}

TEST(Augmentation, PadsCropsAndMirrors) {
  const at::Tensor images = SomeImages();
  const std::vector<int64_t> indices = {2, 0, 0};
  const std::vector<CropDraw> crops = {{.top = 4, .left = 4, .flip = false},
                                       {.top = 0, .left = 8, .flip = false},
                                       {.top = 7, .left = 1, .flip = true}};
  const at::Tensor result = AugmentedImages(images, indices, crops);
  ASSERT_EQ(result.sizes(), (std::vector<int64_t>{3, 3, 32, 32}));
  for (size_t i = 0; i < indices.size(); ++i) {
    for (int64_t channel = 0; channel < 3; ++channel) {
      for (int64_t row = 0; row < 32; ++row) {
        for (int64_t column = 0; column < 32; ++column) {
          const int64_t x = (crops[i].flip ? 31 - column : column) + crops[i].left - kCropPadding;
          const int64_t y = row + crops[i].top - kCropPadding;
          const bool inside = x >= 0 && x < 32 && y >= 0 && y < 32;
          const float expected = inside ? images[indices[i]][channel][y][x].item<float>() / 255 : 0;
          ASSERT_EQ(result[static_cast<int64_t>(i)][channel][row][column].item<float>(), expected);
        }
      }
    }
  }
}

TEST(Augmentation, InTheMiddleIsTheImageItself) {
  const at::Tensor images = SomeImages();
  const std::vector<int64_t> indices = {1, 2};
  const std::vector<CropDraw> crops(2, {.top = kCropPadding, .left = kCropPadding, .flip = false});
  const at::Tensor plain = Images(images, indices);
  EXPECT_TRUE(AugmentedImages(images, indices, crops).equal(plain));
  EXPECT_TRUE(plain.equal(images.narrow(0, 1, 2).to(at::kFloat) / 255));
  EXPECT_TRUE(plain.is_contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace
}  // namespace archsweep
