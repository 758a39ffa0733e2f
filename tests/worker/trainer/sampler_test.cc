#include "worker/trainer/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "worker/trainer/draws.h"

namespace archsweep {
namespace {

// The advanced recipe on CIFAR-10 with the published 500,000 pseudo-labelled images.
SamplerSettings Advanced() {
  return {.train_images = 50'000,
          .extra_images = 500'000,
          .held_out = FirstHeldOut(1024),
          .batch_size = 1024,
          .extra_fraction = 0.7};
}

int64_t ExtraIn(const std::vector<int64_t>& batch, const SamplerSettings& settings) {
  return std::ranges::count_if(batch, [&](int64_t i) { return i >= settings.train_images; });
}

TEST(Sampler, WithoutExtraImagesGoesThroughOneDrawnOrderAnEpoch) {
  const SamplerSettings settings = {.train_images = 1000, .batch_size = 64};
  EXPECT_EQ(StepsPerEpoch(settings), 15);
  for (const int64_t epoch : {0, 7}) {
    const EpochBatches batches(settings, 11, epoch);
    const std::vector<int64_t> order =
        DrawPermutation({11, DrawPurpose::kShuffle, static_cast<uint64_t>(epoch)}, 1000);
    for (int64_t step = 0; step < 15; ++step) {
      const auto first = order.begin() + step * 64;
      EXPECT_EQ(batches.At(step), std::vector<int64_t>(first, first + 64));
    }
  }
}

TEST(Sampler, LeavesTheHeldOutImagesOut) {
  const SamplerSettings settings = {
      .train_images = 300, .held_out = DrawHeldOut(5, 100, 300), .batch_size = 50};
  EXPECT_EQ(StepsPerEpoch(settings), 4);
  const EpochBatches batches(settings, 3, 0);
  std::set<int64_t> seen(settings.held_out.begin(), settings.held_out.end());
  for (int64_t step = 0; step < 4; ++step) {
    for (const int64_t index : batches.At(step)) EXPECT_TRUE(seen.insert(index).second) << index;
  }
  EXPECT_EQ(seen.size(), 300u);
}

TEST(Sampler, MixesThePublishedSharesOfTheAdvancedRecipe) {
  const SamplerSettings settings = Advanced();
  EXPECT_EQ(ExtraImagesOfBatch(settings), 716);
  EXPECT_EQ(StepsPerEpoch(settings), 49);
  const EpochBatches batches(settings, 1, 0);
  std::set<int64_t> labelled;
  for (const int64_t step : {0, 1, 48}) {
    const std::vector<int64_t> batch = batches.At(step);
    EXPECT_EQ(batch.size(), 1024u);
    EXPECT_EQ(ExtraIn(batch, settings), 716);
    for (const int64_t index : batch) {
      EXPECT_TRUE(index >= 1024 && index < 550'000);
      if (index < settings.train_images) {
        EXPECT_TRUE(labelled.insert(index).second);
      }
    }
  }
}

TEST(Sampler, MixesLabelledAndExtraImagesInEveryGroupOfABatch) {
  const SamplerSettings settings = Advanced();
  const std::vector<int64_t> batch = EpochBatches(settings, 1, 3).At(20);
  for (int64_t group = 0; group < 8; ++group) {
    const auto first = batch.begin() + group * 128;
    const std::vector<int64_t> of_group(first, first + 128);
    EXPECT_NEAR(static_cast<double>(ExtraIn(of_group, settings)), 0.7 * 128, 25);
  }
}

TEST(Sampler, DrawsExtraImagesFromAllOfThem) {
  const SamplerSettings settings = {
      .train_images = 100, .extra_images = 20, .batch_size = 40, .extra_fraction = 0.5};
  EXPECT_EQ(StepsPerEpoch(settings), 3);
  std::set<int64_t> seen;
  for (int64_t epoch = 0; epoch < 20; ++epoch) {
    const EpochBatches batches(settings, 2, epoch);
    for (int64_t step = 0; step < 3; ++step) {
      for (const int64_t index : batches.At(step)) {
        if (index >= 100) seen.insert(index);
      }
    }
  }
  EXPECT_EQ(seen.size(), 20u);
}

TEST(Sampler, BeginsAFurtherOrderWhereAnEpochNeedsMoreThanThereIs) {
  // 3 steps of 9 labelled images, of which there are only 11.
  const SamplerSettings settings = {.train_images = 30,
                                    .extra_images = 5,
                                    .held_out = FirstHeldOut(19),
                                    .batch_size = 10,
                                    .extra_fraction = 0.1};
  EXPECT_EQ(StepsPerEpoch(settings), 3);
  const EpochBatches batches(settings, 2, 0);
  std::multiset<int64_t> seen;
  for (int64_t step = 0; step < 3; ++step) {
    for (const int64_t index : batches.At(step)) seen.insert(index);
  }
  for (int64_t index = 19; index < 30; ++index) {
    EXPECT_GE(seen.count(index), 2u) << index;
    EXPECT_LE(seen.count(index), 3u) << index;
  }
}

TEST(Sampler, IsAFunctionOfSeedEpochAndStep) {
  const SamplerSettings settings = Advanced();
  EXPECT_EQ(EpochBatches(settings, 1, 2).At(5), EpochBatches(settings, 1, 2).At(5));
  EXPECT_NE(EpochBatches(settings, 1, 2).At(5), EpochBatches(settings, 1, 2).At(6));
  EXPECT_NE(EpochBatches(settings, 1, 2).At(5), EpochBatches(settings, 1, 3).At(5));
  EXPECT_NE(EpochBatches(settings, 1, 2).At(5), EpochBatches(settings, 2, 2).At(5));
}

TEST(Sampler, HasNoStepsWhereImagesDoNotFillABatch) {
  EXPECT_EQ(StepsPerEpoch({.train_images = 63, .batch_size = 64}), 0);
  EXPECT_EQ(StepsPerEpoch({.train_images = 63,
                           .extra_images = 500,
                           .held_out = FirstHeldOut(60),
                           .batch_size = 64,
                           .extra_fraction = 0.7}),
            0);
}

TEST(HeldOut, AreTheFirstOrDrawnBySeed) {
  EXPECT_EQ(FirstHeldOut(3), (std::vector<int64_t>{0, 1, 2}));
  const std::vector<int64_t> drawn = DrawHeldOut(9, 1000, 50'000);
  EXPECT_EQ(drawn.size(), 1000u);
  EXPECT_TRUE(std::ranges::is_sorted(drawn));
  EXPECT_EQ(std::set<int64_t>(drawn.begin(), drawn.end()).size(), 1000u);
  EXPECT_LT(drawn.front(), 500);
  EXPECT_GT(drawn.back(), 49'500);
  EXPECT_EQ(drawn, DrawHeldOut(9, 1000, 50'000));
  EXPECT_NE(drawn, DrawHeldOut(10, 1000, 50'000));
}

}  // namespace
}  // namespace archsweep
