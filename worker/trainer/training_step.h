#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "sweep/trial/schedule.h"
#include "sweep/trial/training.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/gradient_sum.h"
#include "worker/trainer/training_state.h"

namespace archsweep {

// One step of adversarial training (paper, sections 5.1 and 5.2) in its parts. A batch is cut into
// consecutive groups of spec.batch_norm_group images; group g runs alone through the network, with
// the running statistics of set g.

// What a step trains on: the batch, or the share of one rank, whole groups in their order.
struct TrainingBatch {
  at::Tensor images;  // [n, 3, size, size], in [0, 1].
  at::Tensor labels;  // Classes [n], or probabilities [n, classes].
  // Where the attack begins, beside the images: standard normal, or uniform in the ball, as
  // spec.attack_start says.
  at::Tensor noise;
  int first_group = 0;     // The number of its first group in the whole batch.
  int64_t batch_size = 0;  // Images of the whole batch; 0: these.
};

// The training attack. TRADES raises the divergence from the natural logits, SAT and MART the
// cross-entropy.
at::Tensor AdversarialImages(const Executor& network, const TrainingBatch& batch,
                             const TrainingSpec& spec);

// Of the outer loss of the whole batch; scalars are on the device. Without a natural pass, as in
// SAT, natural_correct is not a number.
struct OuterGradients {
  std::vector<at::Tensor>* gradients;  // Of the mean over the batch; hold until the next ones.
  at::Tensor fitting_loss;
  at::Tensor robust_loss;  // Without the factor beta.
  at::Tensor natural_correct;
  at::Tensor robust_correct;
};
inline constexpr int64_t kOuterScalars = 4;  // That travel with the gradients.

// Moves the running statistics by `norm_momentum`: by the natural images of a group, where
// spec.norm_updates has them, and then by its adversarial ones. `sum`, of kOuterScalars riders,
// adds up the gradients of its parameters over groups and ranks.
OuterGradients GradientsOf(const Executor& network, GradientSum& sum, const TrainingBatch& batch,
                           const at::Tensor& adversarial, const TrainingSpec& spec,
                           double norm_momentum = kNormMomentum);

// What is not the same in every step.
struct StepRates {
  Rates rates;
  double norm_momentum = kNormMomentum;
  double ema_decay = 0;  // Where spec.ema asks for averaged weights.
  friend bool operator==(const StepRates&, const StepRates&) = default;
};

// What the device does in a whole step: attack, gradients, clipping, descent, averaging. Adds to
// state.epoch_sums, and leaves it to the caller to count the step. Returns the loss, a scalar on
// the device. `network` runs the tensors of `state`, and `sum` those of state.parameters. Of the
// values on the device the host looks at none, so that a step can be recorded and replayed
// (step_taker.h).
at::Tensor RunStep(const Executor& network, GradientSum& sum, const TrainingBatch& batch,
                   const TrainingSpec& spec, const StepRates& rates, TrainingState& state);

}  // namespace archsweep
