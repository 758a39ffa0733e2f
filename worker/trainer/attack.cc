#include "worker/trainer/attack.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <utility>

#include "worker/trainer/objective.h"

namespace archsweep {
namespace {

at::Tensor LossAt(const at::Tensor& logits, const AttackLoss& loss) {
  if (const auto* divergence = std::get_if<DivergenceFrom>(&loss)) {
    return KlSum(divergence->natural_logits, logits);
  }
  if (const auto* margin = std::get_if<MarginOf>(&loss)) {
    return -MarginSum(logits, margin->labels);
  }
  return at::cross_entropy_loss(logits, std::get<MeanCrossEntropyOf>(loss).labels);
}

at::Tensor InputGradient(const FrozenNetwork& network, const at::Tensor& images,
                         const AttackLoss& loss) {
  FrozenNetwork::Pass pass = network.Forward(images);
  const c10::AutoGradMode with_gradients(true);
  const at::Tensor logits = pass.Logits().detach().requires_grad_(true);
  return std::move(pass).ImageGradient(
      torch::autograd::grad({LossAt(logits, loss)}, {logits}).front());
}

}  // namespace

at::Tensor Attack(const FrozenNetwork& network, const at::Tensor& images, const at::Tensor& start,
                  const AttackLoss& loss, const AttackLimits& limits) {
  const c10::NoGradGuard no_gradients;
  const at::Tensor lowest = images - limits.epsilon;
  const at::Tensor highest = images + limits.epsilon;
  at::Tensor adversarial = start;
  for (int i = 0; i < limits.steps; ++i) {
    const at::Tensor direction = InputGradient(network, adversarial, loss).sign_();
    adversarial = at::add(adversarial, direction, limits.step);
    at::minimum_out(adversarial, at::maximum_out(adversarial, adversarial, lowest), highest);
    adversarial.clamp_(0, 1);
  }
  return adversarial.detach();
}

}  // namespace archsweep
