#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace archsweep {

// Which training images are in which batch: pure functions of seed, epoch and step, so that a
// resumed training goes on with the same images and nothing depends on how many processes share a
// batch. Images are numbered: first those of the training set, then the extra ones.

struct SamplerSettings {
  int64_t train_images = 0;  // Of the training set, held out ones among them.
  int64_t extra_images = 0;
  std::vector<int64_t> held_out;  // Of the training set, ascending; they are in no batch.
  int64_t batch_size = 0;         // Of all processes together.
  double extra_fraction = 0;      // Of a batch that are extra images; from 0 to below 1.
};

// The extra images of a batch: the whole part of their fraction (716 of 1024 by .7; reference
// "paper", section 5.2).
int64_t ExtraImagesOfBatch(const SamplerSettings& settings);

// Without extra images the batches that the labelled ones fill; an incomplete last batch is
// dropped. With extra images as many batches as there would be of the whole training set without
// them, the incomplete one among them (49 of 1024 for 50,000; reference "paper", section 5.2): an
// epoch then goes through a part of the labelled images. 0 if the images do not fill one batch.
int64_t StepsPerEpoch(const SamplerSettings& settings);

// The batches of one epoch.
// - Labelled images come in an order that is drawn for each epoch, each at most once; where an
// epoch
//   needs more than there are, a further order follows.
// - Extra images are drawn with replacement for each step, as in the official sampler.
// - A batch with both is shuffled, so that each group of it, such as those that share batch
//   statistics, is a mixture.
class EpochBatches {
 public:
  // Draws the order of the labelled images.
  EpochBatches(const SamplerSettings& settings, uint64_t seed, int64_t epoch);

  // The images of step `step` of the epoch, 0 .. StepsPerEpoch - 1 (asserted).
  std::vector<int64_t> At(int64_t step) const;

 private:
  void AppendOrder();

  SamplerSettings settings_;
  uint64_t seed_;
  int64_t epoch_;
  int64_t steps_;
  std::vector<int64_t> labelled_;  // Numbers of the images that are not held out.
  std::vector<int64_t> order_;     // Of labelled images, for the whole epoch.
};

// The first `count` training images: the validation images of the official AAT recipe (1024).
std::vector<int64_t> FirstHeldOut(int64_t count);

// `count` of `train_images` drawn by the seed, ascending.
std::vector<int64_t> DrawHeldOut(uint64_t seed, int64_t count, int64_t train_images);

}  // namespace archsweep
