#pragma once

#include <ATen/ATen.h>

#include "sweep/trial/training.h"

namespace archsweep {

// Sum over the images of KL(softmax(natural) || softmax(adversarial)), in nats. Gradients flow
// through both, for the official code does not detach the natural one (paper, section 9, T11).
at::Tensor KlSum(const at::Tensor& natural_logits, const at::Tensor& adversarial_logits);

// Cross-entropy of a batch, summed, in nats; the labels smoothed by that share.
at::Tensor CrossEntropySum(const at::Tensor& logits, const at::Tensor& labels,
                           double label_smoothing = 0);

// Sum over the images of max(z_y - the largest other logit, 0) (paper, section 6).
at::Tensor MarginSum(const at::Tensor& logits, const at::Tensor& labels);

// What a training step makes small (paper, section 5.1), all scalars; each part is divided by
// `batch`, the number of images of the whole batch, of which these may be one group.
struct OuterLoss {
  at::Tensor total;    // fitting + beta * robust
  at::Tensor fitting;  // TRADES: cross-entropy of the natural images; SAT: of the attacked ones;
                       // MART: the boosted one of the attacked ones.
  at::Tensor
      robust;  // TRADES: KlSum; MART: KL weighted by how unsure the natural image is; SAT: 0.
};

// `labels` are classes [n], or probabilities [n, classes] where the recipe mixes images.
// `natural_logits` are undefined for SAT, which does not need them.
OuterLoss LossOf(const TrainingSpec& spec, const at::Tensor& natural_logits,
                 const at::Tensor& adversarial_logits, const at::Tensor& labels, int64_t batch);

}  // namespace archsweep
