#include "worker/trainer/augmentations/cutmix.h"

#include <gtest/gtest.h>

#include <vector>

namespace archsweep {
namespace {

TEST(CutMix, TakesTheBoxOfThePartnerAndCountsTheRest) {
  const at::Tensor images = at::zeros({2, 3, 4, 4});
  const at::Tensor partners = at::ones({2, 3, 4, 4});
  const std::vector<Box> boxes = {{.top = 1, .left = 2, .height = 3, .width = 2}, {}};
  const MixedImages mixed = MixImages(images, partners, boxes);
  const at::Tensor expected =
      at::tensor({0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1}, at::kFloat).view({4, 4});
  for (int64_t channel = 0; channel < 3; ++channel) {
    EXPECT_TRUE(mixed.images[0][channel].equal(expected));
  }
  EXPECT_TRUE(mixed.images[1].equal(images[1]));
  EXPECT_TRUE(mixed.share.equal(at::tensor({0.625F, 1.0F})));
}

TEST(CutMix, SharesTheLabelAsTheArea) {
  const at::Tensor labels =
      MixedLabels(at::tensor({2, 0, 1}, at::kLong), at::tensor({0, 1, 1}, at::kLong),
                  at::tensor({0.625F, 1.0F, 0.25F}), 3);
  const at::Tensor expected =
      at::tensor({0.375F, 0.0F, 0.625F, 1.0F, 0.0F, 0.0F, 0.0F, 1.0F, 0.0F}).view({3, 3});
  EXPECT_TRUE(labels.equal(expected));
}

TEST(CutMix, KeepsTheLayoutOfTheImages) {
  const at::Tensor images = at::rand({2, 3, 4, 4}).contiguous(at::MemoryFormat::ChannelsLast);
  const std::vector<Box> boxes(2, {.top = 0, .left = 0, .height = 2, .width = 2});
  EXPECT_TRUE(MixImages(images, images.flip(0), boxes)
                  .images.is_contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace
}  // namespace archsweep
