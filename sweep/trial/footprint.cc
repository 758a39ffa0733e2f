#include "sweep/trial/footprint.h"

namespace archsweep {
namespace {

constexpr int64_t kFullBytes = 4;
constexpr int64_t kHalfBytes = 2;
constexpr int64_t kTensorsInMemory = 3;  // Weights, gradients, momentum.
constexpr int64_t kTensorsOnDisk = 2;    // Weights, momentum.
constexpr int64_t kForwardPasses = 2;    // Of natural and of adversarial images.

}  // namespace

Footprint FootprintOf(const SweepTrial& trial) {
  const int64_t bytes = trial.spec.numerics.precision == "bf16" ? kHalfBytes : kFullBytes;
  const int64_t weights = trial.parameters * kFullBytes;
  const int64_t images = trial.spec.training.batch_norm_group;
  if (trial.spec.IsImported()) {
    return {.memory = weights + images * trial.activations * bytes,
            .training_disk = 0,
            .kept_disk = weights};
  }
  return {
      .memory = kTensorsInMemory * weights + kForwardPasses * images * trial.activations * bytes,
      .training_disk = kCheckpointsKept * kTensorsOnDisk * weights,
      .kept_disk = weights};
}

}  // namespace archsweep
