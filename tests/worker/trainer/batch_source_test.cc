#include "worker/trainer/batch_source.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

constexpr int kSize = 8;

// Each image is of one colour, its number, and has its number modulo 10 as label.
ImageSet PlainImages(int first, int count) {
  ImageSet images;
  for (int i = first; i < first + count; ++i) {
    images.labels.push_back(static_cast<uint8_t>(i % 10));
    images.pixels.insert(images.pixels.end(), 3 * kSize * kSize, static_cast<uint8_t>(i));
  }
  return images;
}

class Batches : public testing::Test {
 protected:
  Batches() {
    data_.format = {.size = kSize, .classes = 10};
    data_.train = PlainImages(0, 40);
    trial_.seed = 3;
    trial_.training.batch_size = 10;
    trial_.training.batch_norm_group = 10;
    trial_.training.augment = false;
  }

  // The numbers of the images of a batch.
  static std::vector<int> NumbersOf(const TrainingBatch& batch) {
    std::vector<int> numbers;
    for (int64_t i = 0; i < batch.images.size(0); ++i) {
      numbers.push_back((batch.images[i][0][0][0] * 255).round().item<int>());
    }
    return numbers;
  }
  std::string FailureOfMaking() const {
    try {
      const BatchSource source(trial_, data_, at::kCPU);
    } catch (const TaskError& error) {
      return error.failure.message;
    }
    return "";
  }

  Dataset data_;
  TrialSpec trial_;
};

TEST_F(Batches, GoThroughTheImagesOnceAnEpochWithTheirLabels) {
  BatchSource source(trial_, data_, at::kCPU);
  ASSERT_EQ(source.StepsPerEpoch(), 4);
  std::vector<int> seen;
  for (int64_t step = 4; step < 8; ++step) {
    const TrainingBatch batch = source.At(step);
    const std::vector<int> numbers = NumbersOf(batch);
    for (size_t i = 0; i < numbers.size(); ++i) {
      EXPECT_EQ(batch.labels[static_cast<int64_t>(i)].item<int>(), numbers[i] % 10);
    }
    seen.insert(seen.end(), numbers.begin(), numbers.end());
  }
  std::ranges::sort(seen);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(seen[static_cast<size_t>(i)], i);
}

TEST_F(Batches, AreTheSameInAnyOrderOfAsking) {
  BatchSource forward(trial_, data_, at::kCPU);
  BatchSource backward(trial_, data_, at::kCPU);
  const TrainingBatch later = backward.At(9);
  const TrainingBatch earlier = backward.At(2);
  EXPECT_TRUE(forward.At(2).images.equal(earlier.images));
  EXPECT_TRUE(forward.At(9).images.equal(later.images));
  EXPECT_TRUE(forward.At(9).noise.equal(later.noise));
}

TEST_F(Batches, HoldOutWhatTheRecipeSays) {
  trial_.training.selection = Selection::kHeldout;
  trial_.training.heldout_images = 15;
  trial_.training.heldout_split = HeldoutSplit::kFirst;
  BatchSource source(trial_, data_, at::kCPU);
  EXPECT_EQ(source.StepsPerEpoch(), 2);
  EXPECT_EQ(source.HeldOut().labels.size(0), 15);
  EXPECT_EQ(source.HeldOut().pixels[14].max().item<int>(), 14);
  for (int64_t step = 0; step < 4; ++step) {
    for (const int number : NumbersOf(source.At(step))) EXPECT_GE(number, 15);
  }
  trial_.training.heldout_split = HeldoutSplit::kSeeded;
  EXPECT_FALSE(
      BatchSource(trial_, data_, at::kCPU).HeldOut().pixels.equal(source.HeldOut().pixels));
}

TEST_F(Batches, MixInExtraImages) {
  data_.extra = PlainImages(100, 30);
  trial_.training.extra_fraction = 0.7;
  BatchSource source(trial_, data_, at::kCPU);
  EXPECT_EQ(source.StepsPerEpoch(), 4);
  for (int64_t step = 0; step < 4; ++step) {
    const std::vector<int> numbers = NumbersOf(source.At(step));
    EXPECT_EQ(std::ranges::count_if(numbers, [](int number) { return number >= 100; }), 7);
  }
}

TEST_F(Batches, MixImagesAndLabelsByTheSameShares) {
  trial_.training.cutmix = true;
  BatchSource source(trial_, data_, at::kCPU);
  const TrainingBatch batch = source.At(1);
  trial_.training.cutmix = false;
  const TrainingBatch plain = BatchSource(trial_, data_, at::kCPU).At(1);
  ASSERT_EQ(batch.labels.sizes(), (std::vector<int64_t>{10, 10}));
  EXPECT_LT((batch.labels.sum(1) - 1).abs().max().item<double>(), 1e-6);
  for (int64_t i = 0; i < 10; ++i) {
    // Pixels of the image's own colour: as many as the share of its own label, at least.
    const at::Tensor own = batch.images[i][0].eq(plain.images[i][0]).to(at::kFloat).mean();
    const at::Tensor share = batch.labels[i][plain.labels[i].item<int64_t>()];
    EXPECT_GE(share.item<double>(), own.item<double>() - 1e-6);
  }
  EXPECT_FALSE(batch.images.equal(plain.images));
  EXPECT_TRUE(batch.noise.equal(plain.noise));
}

TEST_F(Batches, ThatCannotBeMadeAreRefused) {
  trial_.training.extra_fraction = 0.5;
  EXPECT_NE(FailureOfMaking().find("extra_fraction is 0.5, but the trial names 0"),
            std::string::npos);
  trial_.training.extra_fraction = 0;
  data_.extra = PlainImages(0, 3);
  EXPECT_NE(FailureOfMaking().find("names 3 extra images"), std::string::npos);
  data_.extra = {};
  trial_.training.batch_size = 41;
  EXPECT_NE(FailureOfMaking().find("batch_size 41 is more than the 40"), std::string::npos);
  trial_.training.selection = Selection::kHeldout;
  trial_.training.heldout_images = 40;
  EXPECT_NE(FailureOfMaking().find("leaves none"), std::string::npos);
}

}  // namespace
}  // namespace archsweep
