#include "worker/trainer/batch_source.h"

#include <ATen/CPUGeneratorImpl.h>

#include "base/text.h"
#include "worker/trainer/augmentations/cutmix.h"
#include "worker/trainer/noise.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

// One generator of torch for each step, so that none has to be kept in checkpoints.
at::Generator TorchGenerator(const DrawKey& key) {
  const auto words = DrawBlock(key, 0, 0);
  return at::detail::createCPUGenerator(uint64_t{words[0]} << 32 | words[1]);
}

std::vector<int64_t> HeldOutOf(const TrialSpec& trial, int64_t train_images) {
  const TrainingSpec& spec = trial.training;
  if (spec.selection != Selection::kHeldout) return {};
  if (spec.heldout_images >= train_images) {
    FailTask(FailureClass::kConfiguration,
             Format("heldout_images {} leaves none of the {} training images of data set '{}'",
                    spec.heldout_images, train_images, trial.dataset.name));
  }
  return spec.heldout_split == HeldoutSplit::kFirst
             ? FirstHeldOut(spec.heldout_images)
             : DrawHeldOut(trial.seed, spec.heldout_images, train_images);
}

SamplerSettings SamplerOf(const TrialSpec& trial, const Dataset& data) {
  const TrainingSpec& spec = trial.training;
  if ((spec.extra_fraction > 0) != (data.extra.Count() > 0)) {
    FailTask(
        FailureClass::kConfiguration,
        Format("extra_fraction is {}, but the trial names {} extra images: the two go together "
               "(dataset.extra)",
               spec.extra_fraction, data.extra.Count()));
  }
  return {.train_images = data.train.Count(),
          .extra_images = data.extra.Count(),
          .held_out = HeldOutOf(trial, data.train.Count()),
          .batch_size = spec.batch_size,
          .extra_fraction = spec.extra_fraction};
}

}  // namespace

BatchSource::BatchSource(const TrialSpec& trial, const Dataset& data, at::Device device,
                         const Seat& seat)
    : trial_(trial),
      spec_(trial.training),
      seat_(seat),
      classes_(data.format.classes),
      augmentation_(AugmentationOf(trial.training)),
      sampler_(SamplerOf(trial, data)),
      steps_per_epoch_(archsweep::StepsPerEpoch(sampler_)),
      images_(UploadTraining(data, device)) {
  if (steps_per_epoch_ > 0) return;
  FailTask(
      FailureClass::kConfiguration,
      Format("batch_size {} is more than the {} training images of data set '{}'", spec_.batch_size,
             data.train.Count() - static_cast<int64_t>(sampler_.held_out.size()),
             trial.dataset.name));
}

TrainingBatch BatchSource::At(int64_t step) {
  const int64_t epoch = step / steps_per_epoch_;
  if (epoch != epoch_) {
    batches_.emplace(sampler_, trial_.seed, epoch);
    epoch_ = epoch;
  }
  const std::vector<int64_t> whole = batches_->At(step % steps_per_epoch_);
  const std::span<const int64_t> indices = MineOf(whole);
  const int64_t groups = spec_.batch_size / spec_.batch_norm_group;
  TrainingBatch batch;
  batch.first_group = static_cast<int>(seat_.First(groups));
  batch.batch_size = spec_.batch_size;
  batch.images = ImagesOf(indices, step);
  batch.labels = LabelsOf(indices);
  if (augmentation_.cutmix_beta > 0) Mix(batch, whole, step);
  batch.noise = NoiseOf(batch.images, indices, step);
  return batch;
}

DeviceImages BatchSource::HeldOut() const {
  const at::Tensor indices = IndexTensor(sampler_.held_out, images_.labels);
  return {.pixels = images_.pixels.index_select(0, indices),
          .labels = images_.labels.index_select(0, indices)};
}

std::span<const int64_t> BatchSource::MineOf(std::span<const int64_t> whole) const {
  return whole.subspan(static_cast<size_t>(seat_.First(spec_.batch_size)),
                       static_cast<size_t>(seat_.Share(spec_.batch_size)));
}

void BatchSource::Mix(TrainingBatch& batch, std::span<const int64_t> whole, int64_t step) const {
  const auto of_step = static_cast<uint64_t>(step);
  std::vector<int64_t> all_partners;
  for (const int64_t place : DrawPermutation({trial_.seed, DrawPurpose::kCutMixPartner, of_step},
                                             static_cast<int64_t>(whole.size()))) {
    all_partners.push_back(whole[static_cast<size_t>(place)]);
  }
  const std::span<const int64_t> partners = MineOf(all_partners);
  std::vector<Box> boxes;
  for (const int64_t index : MineOf(whole)) {
    boxes.push_back(DrawCutMix({trial_.seed, DrawPurpose::kCutMix, of_step},
                               static_cast<uint32_t>(index), batch.images.size(2),
                               augmentation_.cutmix_beta, augmentation_.cutmix_window));
  }
  const MixedImages mixed = MixImages(batch.images, ImagesOf(partners, step), boxes);
  batch.images = mixed.images;
  batch.labels = MixedLabels(batch.labels, LabelsOf(partners), mixed.share, classes_);
}

at::Tensor BatchSource::ImagesOf(std::span<const int64_t> indices, int64_t step) const {
  const DrawKey key = {trial_.seed, DrawPurpose::kAugmentation, static_cast<uint64_t>(step)};
  return AugmentedImages(images_.pixels, indices, augmentation_, key);
}

at::Tensor BatchSource::LabelsOf(std::span<const int64_t> indices) const {
  return images_.labels.index_select(0, IndexTensor(indices, images_.labels));
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
  // The generator of torch draws for the whole batch, whoever needs how much of it.
  std::vector<int64_t> sizes = images.sizes().vec();
  sizes.front() = spec_.batch_size;
  const at::Tensor noise = at::empty(sizes, at::kFloat);
  if (is_normal) {
    noise.normal_(0, 1, TorchGenerator(key));
  } else {
    noise.uniform_(-epsilon, epsilon, TorchGenerator(key));
  }
  return OnDevice(noise.narrow(0, seat_.First(spec_.batch_size), images.size(0)), images);
}

}  // namespace archsweep
