#include "worker/trainer/sampler.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "worker/trainer/draws.h"

namespace archsweep {
namespace {

// Orders beyond the first of an epoch are drawn under numbers that no epoch has.
constexpr uint64_t kFurtherOrder = uint64_t{1} << 40;

int64_t LabelledCount(const SamplerSettings& settings) {
  return settings.train_images - static_cast<int64_t>(settings.held_out.size());
}

std::vector<int64_t> LabelledImages(const SamplerSettings& settings) {
  std::vector<int64_t> all(static_cast<size_t>(settings.train_images));
  std::iota(all.begin(), all.end(), 0);
  std::vector<int64_t> labelled;
  std::ranges::set_difference(all, settings.held_out, std::back_inserter(labelled));
  CHECK(static_cast<int64_t>(labelled.size()) == LabelledCount(settings));
  return labelled;
}

}  // namespace

int64_t ExtraImagesOfBatch(const SamplerSettings& settings) {
  CHECK(settings.extra_fraction >= 0 && settings.extra_fraction < 1);
  if (settings.extra_images == 0) return 0;
  return static_cast<int64_t>(static_cast<double>(settings.batch_size) * settings.extra_fraction);
}

int64_t StepsPerEpoch(const SamplerSettings& settings) {
  const int64_t labelled = LabelledCount(settings);
  const int64_t extra = ExtraImagesOfBatch(settings);
  if (extra == 0) return labelled / settings.batch_size;
  if (labelled < settings.batch_size - extra) return 0;
  return (settings.train_images + settings.batch_size - 1) / settings.batch_size;
}

EpochBatches::EpochBatches(const SamplerSettings& settings, uint64_t seed, int64_t epoch)
    : settings_(settings),
      seed_(seed),
      epoch_(epoch),
      steps_(StepsPerEpoch(settings)),
      labelled_(LabelledImages(settings)) {
  const int64_t needed = steps_ * (settings.batch_size - ExtraImagesOfBatch(settings));
  while (static_cast<int64_t>(order_.size()) < needed) AppendOrder();
}

void EpochBatches::AppendOrder() {
  const auto count = static_cast<int64_t>(labelled_.size());
  const uint64_t number = order_.size() / labelled_.size();
  const DrawKey key = {seed_, DrawPurpose::kShuffle,
                       static_cast<uint64_t>(epoch_) + number * kFurtherOrder};
  for (const int64_t index : DrawPermutation(key, count)) {
    order_.push_back(labelled_[static_cast<size_t>(index)]);
  }
}

std::vector<int64_t> EpochBatches::At(int64_t step) const {
  CHECK(step >= 0 && step < steps_);
  const int64_t extra = ExtraImagesOfBatch(settings_);
  const int64_t labelled = settings_.batch_size - extra;
  const auto first = order_.begin() + step * labelled;
  std::vector<int64_t> batch(first, first + labelled);
  if (extra == 0) return batch;
  const auto global_step = static_cast<uint64_t>(epoch_ * steps_ + step);
  for (const int64_t index : DrawIntegers({seed_, DrawPurpose::kExtraImages, global_step}, extra,
                                          settings_.extra_images)) {
    batch.push_back(settings_.train_images + index);
  }
  std::vector<int64_t> shuffled;
  for (const int64_t place :
       DrawPermutation({seed_, DrawPurpose::kBatchOrder, global_step}, settings_.batch_size)) {
    shuffled.push_back(batch[static_cast<size_t>(place)]);
  }
  return shuffled;
}

std::vector<int64_t> FirstHeldOut(int64_t count) {
  std::vector<int64_t> held_out(static_cast<size_t>(count));
  std::iota(held_out.begin(), held_out.end(), 0);
  return held_out;
}

std::vector<int64_t> DrawHeldOut(uint64_t seed, int64_t count, int64_t train_images) {
  CHECK(count >= 0 && count <= train_images);
  std::vector<int64_t> held_out = DrawPermutation({seed, DrawPurpose::kHeldOut, 0}, train_images);
  held_out.resize(static_cast<size_t>(count));
  std::ranges::sort(held_out);
  return held_out;
}

}  // namespace archsweep
