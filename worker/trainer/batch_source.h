#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sweep/trial/trial.h"
#include "worker/data/dataset.h"
#include "worker/trainer/augmentation.h"
#include "worker/trainer/sampler.h"
#include "worker/trainer/seat.h"
#include "worker/trainer/training_step.h"

namespace archsweep {

// The batches of a training: which images a step takes, how they are augmented and mixed, and the
// noise that its attack starts from. A pure function of trial and step; the images lie on the
// device. One thread.
class BatchSource {
 public:
  // Gives the share of `seat`. `data` must outlive the source. Throws TaskError (configuration) if
  // it holds less than a batch, or its extra images are not what the recipe wants.
  BatchSource(const TrialSpec& trial, const Dataset& data, at::Device device,
              const Seat& seat = {});

  int64_t StepsPerEpoch() const { return steps_per_epoch_; }

  // The batch of the step that follows `step` others.
  TrainingBatch At(int64_t step);

  // The training images that no batch has; none unless the recipe holds some out.
  DeviceImages HeldOut() const;

 private:
  // The share of this seat in the images of a whole batch.
  std::span<const int64_t> MineOf(std::span<const int64_t> whole) const;
  void Mix(TrainingBatch& batch, std::span<const int64_t> whole, int64_t step) const;
  at::Tensor ImagesOf(std::span<const int64_t> indices, int64_t step) const;
  at::Tensor LabelsOf(std::span<const int64_t> indices) const;
  at::Tensor NoiseOf(const at::Tensor& images, std::span<const int64_t> indices,
                     int64_t step) const;

  const TrialSpec& trial_;
  const TrainingSpec& spec_;
  const Seat seat_;
  const int classes_;
  const AugmentationSettings augmentation_;
  const SamplerSettings sampler_;
  const int64_t steps_per_epoch_;
  const DeviceImages images_;            // Of training, and behind them the extra ones.
  std::optional<EpochBatches> batches_;  // Of epoch_.
  int64_t epoch_ = -1;
};

}  // namespace archsweep
