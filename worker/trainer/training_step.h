#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "sweep/trial/schedule.h"
#include "sweep/trial/training.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/training_state.h"

namespace archsweep {

// One step of adversarial training (paper, sections 5.1 and 5.2) in its parts. A batch is cut into
// consecutive groups of spec.batch_norm_group images; group g runs alone through the network, with
// the running statistics of set g.

// What a step trains on.
struct TrainingBatch {
  at::Tensor images;  // [n, 3, size, size], in [0, 1].
  at::Tensor labels;  // Classes [n], or probabilities [n, classes].
  // Where the attack begins, beside the images: standard normal, or uniform in the ball, as
  // spec.attack_start says.
  at::Tensor noise;
};

// The training attack. TRADES raises the divergence from the natural logits, SAT and MART the
// cross-entropy.
at::Tensor AdversarialImages(const Executor& network, const TrainingBatch& batch,
                             const TrainingSpec& spec);

// Of the outer loss; scalars are on the device. Without a natural pass, as in SAT, natural_correct
// is not a number.
struct OuterGradients {
  std::vector<at::Tensor> gradients;  // One for each of `parameters`, of the mean over the batch.
  at::Tensor fitting_loss;
  at::Tensor robust_loss;  // Without the factor beta.
  at::Tensor natural_correct;
  at::Tensor robust_correct;
};

// Moves the running statistics by `norm_momentum`: by the natural images of a group, where
// spec.norm_updates has them, and then by its adversarial ones.
OuterGradients GradientsOf(const Executor& network, const std::vector<at::Tensor>& parameters,
                           const TrainingBatch& batch, const at::Tensor& adversarial,
                           const TrainingSpec& spec, double norm_momentum = kNormMomentum);

// What is not the same in every step.
struct StepRates {
  Rates rates;
  double norm_momentum = kNormMomentum;
  double ema_decay = 0;  // Where spec.ema asks for averaged weights.
};

// A whole step: attack, gradients, clipping, descent, averaging. Adds to state.epoch_sums and
// counts the step. Returns the loss, a scalar on the device. `network` runs the tensors of `state`.
at::Tensor TakeStep(const Executor& network, const TrainingBatch& batch, const TrainingSpec& spec,
                    const StepRates& rates, TrainingState& state);

}  // namespace archsweep
