#pragma once

#include <cstdint>
#include <vector>

#include "sweep/trial/trial.h"
#include "worker/data/dataset.h"
#include "worker/trainer/augmentation.h"
#include "worker/trainer/training_step.h"

namespace archsweep {

// The batches of a training: which images a step takes, how they are augmented, and the noise that
// its attack starts from. A pure function of trial and step; the images lie on the device. One
// thread.
class BatchSource {
 public:
  // `data` must outlive the source. Throws TaskError (configuration) if it holds less than a batch.
  BatchSource(const TrialSpec& trial, const Dataset& data, at::Device device);

  int64_t StepsPerEpoch() const { return steps_per_epoch_; }

  // The batch of the step that follows `step` others.
  TrainingBatch At(int64_t step);

 private:
  at::Tensor ImagesOf(std::span<const int64_t> indices, int64_t step) const;
  at::Tensor NoiseOf(const at::Tensor& images, std::span<const int64_t> indices,
                     int64_t step) const;

  const TrialSpec& trial_;
  const TrainingSpec& spec_;
  const DeviceImages images_;
  const int64_t steps_per_epoch_;
  std::vector<int64_t> order_;  // Of the images in epoch_.
  int64_t epoch_ = -1;
};

}  // namespace archsweep
