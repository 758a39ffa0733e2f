#include "worker/trainer/augmentation.h"

#include <gtest/gtest.h>

#include <vector>

namespace archsweep {
namespace {

constexpr DrawKey kKey = {.seed = 7, .purpose = DrawPurpose::kAugmentation, .step = 12};
constexpr AugmentationSettings kNone = {.crop_padding = 0, .flip = false};
constexpr AugmentationSettings kTiny = {
    .crop_padding = 0, .resized_crop = true, .color_jitter = {0.4, 0.4, 0.4, 0.2}};

at::Tensor SomeImages(int64_t count, int64_t size = 32) {
  const int64_t values = count * 3 * size * size;
  const at::Tensor numbers = at::arange(values, at::kLong);
  return (numbers * numbers).remainder(251).to(at::kByte).view({count, 3, size, size});
}

// Recipes that exist train on, bit for bit: padding by 4, the drawn corner, the drawn mirror image,
// bytes divided by 255.
TEST(Augmentation, OfTheRecipesCropsAndMirrorsAsDrawn) {
  const at::Tensor images = SomeImages(40);
  const std::vector<int64_t> indices = {33, 0, 17, 5, 39};
  const at::Tensor result = AugmentedImages(images, indices, AugmentationOf({}), kKey);
  ASSERT_EQ(result.sizes(), (std::vector<int64_t>{5, 3, 32, 32}));
  EXPECT_TRUE(result.is_contiguous(at::MemoryFormat::ChannelsLast));
  const at::Tensor padded = at::constant_pad_nd(images, {4, 4, 4, 4});
  for (size_t i = 0; i < indices.size(); ++i) {
    const CropDraw crop = DrawCrop(kKey, static_cast<uint32_t>(indices[i]), 4);
    at::Tensor expected = padded[indices[i]].narrow(1, crop.top, 32).narrow(2, crop.left, 32);
    if (crop.flip) expected = expected.flip({2});
    EXPECT_TRUE(result[static_cast<int64_t>(i)].equal(expected.to(at::kFloat) / 255)) << i;
  }
}

TEST(Augmentation, OfNothingIsTheImageItself) {
  const at::Tensor images = SomeImages(4);
  const std::vector<int64_t> indices = {1, 3};
  const at::Tensor plain = Images(images, indices);
  EXPECT_TRUE(AugmentedImages(images, indices, kNone, kKey).equal(plain));
  EXPECT_TRUE(plain[0].equal(images[1].to(at::kFloat) / 255));
  EXPECT_TRUE(plain.is_contiguous(at::MemoryFormat::ChannelsLast));
  TrainingSpec spec;
  spec.augment = false;
  EXPECT_TRUE(AugmentedImages(images, indices, AugmentationOf(spec), kKey).equal(plain));
}

TEST(Augmentation, IsThatOfTheRecipe) {
  TrainingSpec spec;
  spec.rotation_degrees = 20;
  spec.color_jitter = 0.4;
  spec.cutmix = true;
  AugmentationSettings settings = AugmentationOf(spec);
  EXPECT_EQ(settings.crop_padding, 4);
  EXPECT_TRUE(settings.flip);
  EXPECT_EQ(settings.rotation_degrees, 20);
  EXPECT_EQ(settings.color_jitter, (ColorStrengths{0.4, 0.4, 0.4, 0.2}));
  EXPECT_EQ(settings.cutmix_beta, 1);
  spec.resized_crop = true;
  settings = AugmentationOf(spec);
  EXPECT_EQ(settings.crop_padding, 0);
  EXPECT_TRUE(settings.resized_crop);
}

class EachAugmentation : public testing::TestWithParam<AugmentationSettings> {};

TEST_P(EachAugmentation, DoesNotDependOnHowABatchIsCut) {
  const at::Tensor images = SomeImages(60, 24);
  const std::vector<int64_t> indices = {41, 3, 0, 57, 3, 20, 59};
  const at::Tensor whole = AugmentedImages(images, indices, GetParam(), kKey);
  EXPECT_TRUE(whole.equal(AugmentedImages(images, indices, GetParam(), kKey)));
  EXPECT_TRUE(whole[1].equal(whole[4])) << "the same image of the same step";
  for (size_t i = 0; i < indices.size(); ++i) {
    const std::vector<int64_t> one = {indices[i]};
    const at::Tensor alone = AugmentedImages(images, one, GetParam(), kKey);
    EXPECT_TRUE(alone[0].equal(whole[static_cast<int64_t>(i)])) << i;
  }
  EXPECT_TRUE(whole.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_GE(whole.min().item<float>(), 0);
  EXPECT_LE(whole.max().item<float>(), 1);
}

TEST_P(EachAugmentation, DiffersFromStepToStepAndFromImageToImage) {
  const at::Tensor images = SomeImages(1, 24).expand({8, 3, 24, 24}).contiguous();
  const std::vector<int64_t> indices = {0, 1, 2, 3, 4, 5, 6, 7};
  const DrawKey next = {.seed = 7, .purpose = DrawPurpose::kAugmentation, .step = 13};
  const at::Tensor first = AugmentedImages(images, indices, GetParam(), kKey);
  EXPECT_FALSE(first.equal(AugmentedImages(images, indices, GetParam(), next)));
  EXPECT_FALSE(first.equal(first.narrow(0, 0, 1).expand_as(first)));
}

TEST_P(EachAugmentation, LeavesTheStoredImagesAlone) {
  const at::Tensor images = SomeImages(8, 24);
  const at::Tensor before = images.clone();
  const std::vector<int64_t> indices = {0, 4, 7};
  AugmentedImages(images, indices, GetParam(), kKey).fill_(0.5);
  EXPECT_TRUE(images.equal(before));
}

INSTANTIATE_TEST_SUITE_P(Kinds, EachAugmentation,
                         testing::Values(AugmentationSettings{},
                                         AugmentationSettings{.rotation_degrees = 20}, kTiny,
                                         AugmentationSettings{.color_jitter = {0.4, 0.4, 0.4, 0.2}},
                                         AugmentationSettings{.crop_padding = 0,
                                                              .flip = false,
                                                              .rotation_degrees = 180}));

TEST(Upload, PutsExtraImagesBehindThoseOfTraining) {
  Dataset data{.format = {.size = 2, .classes = 10}};
  data.train = {.pixels = std::vector<uint8_t>(24, 1), .labels = {3, 4}};
  data.extra = {.pixels = std::vector<uint8_t>(36, 2), .labels = {5, 6, 7}};
  const DeviceImages all = UploadTraining(data, at::kCPU);
  EXPECT_TRUE(all.labels.equal(at::tensor({3, 4, 5, 6, 7}, at::kLong)));
  EXPECT_EQ(all.pixels[1].max().item<int>(), 1);
  EXPECT_EQ(all.pixels[2].min().item<int>(), 2);
  data.extra = {};
  EXPECT_EQ(UploadTraining(data, at::kCPU).labels.size(0), 2);
}

}  // namespace
}  // namespace archsweep
