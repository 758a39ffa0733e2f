#include "worker/trainer/draws.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/philox.h"
#include "tests/worker/trainer/golden.h"
#include "worker/trainer/noise.h"

namespace archsweep {
namespace {

constexpr DrawKey kKey = {.seed = 7, .purpose = DrawPurpose::kTrainingStart, .step = 3};

TEST(Draws, PutKeyAndCounterWhereTheFormulaSays) {
  const DrawKey key = {.seed = 0x0123456789abcdef,
                       .purpose = DrawPurpose::kEvaluationStart,
                       .step = 0x00aabbcc11223344};
  EXPECT_EQ(DrawBlock(key, 9, 5),
            Philox4x32({5, 9, 0x11223344, 0x04aabbcc}, {0x89abcdef, 0x01234567}));
}

TEST(Draws, DifferBySeedPurposeStepSampleAndBlock) {
  std::vector<std::array<uint32_t, 4>> blocks = {DrawBlock(kKey, 0, 0), DrawBlock(kKey, 1, 0),
                                                 DrawBlock(kKey, 0, 1)};
  for (const DrawKey& key : {DrawKey{8, kKey.purpose, 3}, DrawKey{7, DrawPurpose::kShuffle, 3},
                             DrawKey{7, kKey.purpose, 4}}) {
    blocks.push_back(DrawBlock(key, 0, 0));
  }
  std::ranges::sort(blocks);
  EXPECT_EQ(std::ranges::adjacent_find(blocks), blocks.end());
}

TEST(Draws, OfNormalValuesFollowBoxAndMuller) {
  std::vector<float> values(6);
  DrawNormal(kKey, 2, values);
  for (size_t i = 0; i < values.size(); i += 2) {
    const auto words = DrawBlock(kKey, 2, static_cast<uint32_t>(i / 4));
    const double a = (words[i % 4] / 256 + 1) * std::pow(2.0, -24);
    const double b = words[i % 4 + 1] / 256 * std::pow(2.0, -24);
    const double radius = std::sqrt(-2 * std::log(a));
    EXPECT_NEAR(values[i], radius * std::cos(2 * M_PI * b), 1e-5);
    EXPECT_NEAR(values[i + 1], radius * std::sin(2 * M_PI * b), 1e-5);
  }
}

struct Moments {
  double mean = 0, variance = 0, fourth = 0;
};

Moments MomentsOf(const std::vector<float>& values) {
  Moments moments;
  for (const double value : values) moments.mean += value / static_cast<double>(values.size());
  for (const double value : values) {
    const double square = std::pow(value - moments.mean, 2);
    moments.variance += square / static_cast<double>(values.size());
    moments.fourth += square * square / static_cast<double>(values.size());
  }
  return moments;
}

TEST(Draws, HaveTheMomentsOfTheirDistributions) {
  std::vector<float> values(1 << 20);
  DrawNormal(kKey, 0, values);
  const Moments normal = MomentsOf(values);
  EXPECT_NEAR(normal.mean, 0, 0.005);
  EXPECT_NEAR(normal.variance, 1, 0.01);
  EXPECT_NEAR(normal.fourth, 3, 0.05);
  DrawUniform(kKey, 0, values);
  const Moments uniform = MomentsOf(values);
  EXPECT_NEAR(uniform.mean, 0.5, 0.002);
  EXPECT_NEAR(uniform.variance, 1.0 / 12, 0.0005);
  EXPECT_GE(std::ranges::min(values), 0);
  EXPECT_LT(std::ranges::max(values), 1);
}

TEST(Draws, OfAPermutationHoldEachNumberOnce) {
  const DrawKey key = {.seed = 1, .purpose = DrawPurpose::kShuffle, .step = 0};
  std::vector<int64_t> order = DrawPermutation(key, 1000);
  EXPECT_FALSE(std::ranges::is_sorted(order));
  EXPECT_EQ(order, DrawPermutation(key, 1000));
  EXPECT_NE(order, DrawPermutation({.seed = 1, .purpose = DrawPurpose::kShuffle, .step = 1}, 1000));
  std::ranges::sort(order);
  std::vector<int64_t> all(1000);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(order, all);
}

TEST(Draws, OfIntegersCoverTheirRange) {
  const std::vector<int64_t> values = DrawIntegers(kKey, 9'000, 9);
  std::array<int, 9> counts{};
  for (const int64_t value : values) ++counts.at(static_cast<size_t>(value));
  for (const int count : counts) EXPECT_NEAR(count, 1'000, 150);
  EXPECT_EQ(values[6], IntegerOf(DrawBlock(kKey, 0, 1)[2], 9));
}

TEST(Noise, DoesNotDependOnHowABatchIsCut) {
  const std::vector<int64_t> samples = {41, 3, 0, 77};
  const at::Tensor like = at::empty({4, 3, 8, 8});
  const at::Tensor whole = NormalNoise(kKey, samples, like);
  const at::Tensor uniform = UniformNoise(kKey, samples, 0.25, like);
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    const std::span<const int64_t> one(&samples[i], 1);
    const at::Tensor single = like.narrow(0, 0, 1);
    EXPECT_TRUE(NormalNoise(kKey, one, single).equal(whole.narrow(0, index, 1)));
    EXPECT_TRUE(UniformNoise(kKey, one, 0.25, single).equal(uniform.narrow(0, index, 1)));
  }
  EXPECT_LT(uniform.max().item<double>(), 0.25);
  EXPECT_GE(uniform.min().item<double>(), -0.25);
}

TEST(Noise, GoesThroughAnImageByChannelRowAndColumn) {
  const std::vector<int64_t> samples = {6};
  const at::Tensor noise = NormalNoise(kKey, samples, at::empty({1, 3, 4, 4}));
  std::vector<float> values(48);
  DrawNormal(kKey, 6, values);
  EXPECT_TRUE(noise.flatten().equal(at::tensor(at::ArrayRef<float>(values))));
  EXPECT_TRUE(noise.is_contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace
}  // namespace archsweep
