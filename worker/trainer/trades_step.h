#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "sweep/trial/training.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/training_state.h"

namespace archsweep {

// One step of TRADES (paper, section 5.1) in its parts. A batch is cut into consecutive groups of
// spec.batch_norm_group images; group g runs alone through the network, with the running statistics
// of set g.

// The training attack on a batch: from images + 0.001 * noise (standard normal), by the KL
// divergence from the natural logits.
at::Tensor AdversarialImages(const Executor& network, const at::Tensor& images,
                             const at::Tensor& noise, const TrainingSpec& spec);

// Of the outer loss; scalars are on the device.
struct TradesGradients {
  std::vector<at::Tensor> gradients;  // One for each of `parameters`, of the mean over the batch.
  at::Tensor natural_loss;
  at::Tensor robust_loss;  // Without the factor beta.
  at::Tensor natural_correct;
  at::Tensor robust_correct;
};

// Moves the running statistics: first by the natural images of a group, then by its adversarial
// ones.
TradesGradients GradientsOf(const Executor& network, const std::vector<at::Tensor>& parameters,
                            const at::Tensor& images, const at::Tensor& adversarial,
                            const at::Tensor& labels, const TrainingSpec& spec);

// A whole step: attack, gradients, clipping, descent. Adds to state.epoch_sums and counts the step.
// Returns the loss, a scalar on the device. `network` runs the tensors of `state`.
at::Tensor StepTrades(const Executor& network, const at::Tensor& images, const at::Tensor& labels,
                      const at::Tensor& noise, const TrainingSpec& spec, double learning_rate,
                      TrainingState& state);

}  // namespace archsweep
