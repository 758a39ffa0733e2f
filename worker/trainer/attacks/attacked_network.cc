#include "worker/trainer/attacks/attacked_network.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

namespace archsweep {
namespace {

constexpr int kGroup = 0;  // The batch-norm group that is exported.

}  // namespace

at::Tensor AttackedNetwork::Logits(const at::Tensor& images) {
  const c10::NoGradGuard no_gradients;
  ledger_.done.forward_only += images.size(0);
  return network_.Evaluate(images, kGroup);
}

PointGradient AttackedNetwork::GradientAt(const at::Tensor& images, const ImageLosses& losses) {
  const c10::AutoGradMode with_gradients(true);
  ledger_.done.with_gradient += images.size(0);
  const at::Tensor point = images.detach().requires_grad_(true);
  const at::Tensor logits = network_.Evaluate(point, kGroup);
  const at::Tensor loss = losses(logits);
  const at::Tensor gradient = torch::autograd::grad({loss.sum()}, {point}).front();
  return {.logits = logits.detach(), .losses = loss.detach(), .gradient = gradient};
}

}  // namespace archsweep
