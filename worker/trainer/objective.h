#pragma once

#include <ATen/ATen.h>

namespace archsweep {

// Sum over the images of KL(softmax(natural) || softmax(adversarial)), in nats. Gradients flow
// through both, for the official code does not detach the natural one (paper, section 9, T11).
at::Tensor KlSum(const at::Tensor& natural_logits, const at::Tensor& adversarial_logits);

// Cross-entropy of a batch, summed, in nats.
at::Tensor CrossEntropySum(const at::Tensor& logits, const at::Tensor& labels);

// Sum over the images of max(z_y - the largest other logit, 0) (paper, section 6).
at::Tensor MarginSum(const at::Tensor& logits, const at::Tensor& labels);

// TRADES (paper, section 5.1), all scalars; each part is divided by `batch`, the number of images
// of the whole batch, of which these may be one group.
struct TradesLoss {
  at::Tensor total;    // natural + beta * robust
  at::Tensor natural;  // Cross-entropy of the natural images.
  at::Tensor robust;   // KlSum.
};
TradesLoss Trades(const at::Tensor& natural_logits, const at::Tensor& adversarial_logits,
                  const at::Tensor& labels, double beta, int64_t batch);

}  // namespace archsweep
