#include "worker/trainer/batch_source.h"

#include <ATen/CPUGeneratorImpl.h>

#include "base/text.h"
#include "worker/trainer/noise.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

// One generator of torch for each step, so that none has to be kept in checkpoints.
at::Generator TorchGenerator(const DrawKey& key) {
  const auto words = DrawBlock(key, 0, 0);
  return at::detail::createCPUGenerator(uint64_t{words[0]} << 32 | words[1]);
}

}  // namespace

BatchSource::BatchSource(const TrialSpec& trial, const Dataset& data, at::Device device)
    : trial_(trial),
      spec_(trial.training),
      images_(Upload(data.train, data.format, device)),
      steps_per_epoch_(data.train.Count() / spec_.batch_size) {
  if (steps_per_epoch_ > 0) return;
  FailTask(FailureClass::kConfiguration,
           Format("batch_size {} is more than the {} training images of data set '{}'",
                  spec_.batch_size, data.train.Count(), trial.dataset.name));
}

TrainingBatch BatchSource::At(int64_t step) {
  const int64_t epoch = step / steps_per_epoch_;
  if (epoch != epoch_) {
    order_ = DrawPermutation({trial_.seed, DrawPurpose::kShuffle, static_cast<uint64_t>(epoch)},
                             images_.pixels.size(0));
    epoch_ = epoch;
  }
  const auto first = static_cast<size_t>(step % steps_per_epoch_ * spec_.batch_size);
  const auto indices =
      std::span<const int64_t>(order_).subspan(first, static_cast<size_t>(spec_.batch_size));
  TrainingBatch batch;
  batch.images = ImagesOf(indices, step);
  batch.labels = images_.labels.index_select(0, IndexTensor(indices, images_.labels));
  batch.noise = NoiseOf(batch.images, indices, step);
  return batch;
}

at::Tensor BatchSource::ImagesOf(std::span<const int64_t> indices, int64_t step) const {
  if (!spec_.augment) return Images(images_.pixels, indices);
  const DrawKey key = {trial_.seed, DrawPurpose::kAugmentation, static_cast<uint64_t>(step)};
  std::vector<CropDraw> crops;
  for (const int64_t index : indices) {
    crops.push_back(DrawCrop(key, static_cast<uint32_t>(index), kCropPadding));
  }
  return AugmentedImages(images_.pixels, indices, crops);
}

at::Tensor BatchSource::NoiseOf(const at::Tensor& images, std::span<const int64_t> indices,
                                int64_t step) const {
  const DrawKey key = {trial_.seed, DrawPurpose::kTrainingStart, static_cast<uint64_t>(step)};
  const double epsilon = spec_.epsilon_255 / 255;
  const bool is_normal = spec_.attack_start == AttackStart::kNormal;
  if (FusionOf(trial_.numerics) == Fusion::kFolded) {
    return is_normal ? NormalNoise(key, indices, images)
                     : UniformNoise(key, indices, epsilon, images);
  }
  const at::Tensor noise = at::empty(images.sizes(), at::kFloat);
  if (is_normal) {
    noise.normal_(0, 1, TorchGenerator(key));
  } else {
    noise.uniform_(-epsilon, epsilon, TorchGenerator(key));
  }
  return noise.to(images.device());
}

}  // namespace archsweep
