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

// `gradient_at` gives the gradient of the loss at images.
template <class GradientAt>
at::Tensor Ascend(const at::Tensor& images, const at::Tensor& start, const AttackLimits& limits,
                  const GradientAt& gradient_at) {
  const c10::NoGradGuard no_gradients;
  const at::Tensor lowest = images - limits.epsilon;
  const at::Tensor highest = images + limits.epsilon;
  at::Tensor adversarial = start;
  for (int i = 0; i < limits.steps; ++i) {
    const at::Tensor direction = gradient_at(adversarial).sign_();
    adversarial = at::add(adversarial, direction, limits.step);
    at::minimum_out(adversarial, at::maximum_out(adversarial, adversarial, lowest), highest);
    adversarial.clamp_(0, 1);
  }
  return adversarial.detach();
}

}  // namespace

at::Tensor Attack(const FrozenNetwork& network, const at::Tensor& images, const at::Tensor& start,
                  const AttackLoss& loss, const AttackLimits& limits) {
  return Ascend(images, start, limits, [&](const at::Tensor& point) {
    FrozenNetwork::Pass pass = network.Forward(point);
    const c10::AutoGradMode with_gradients(true);
    const at::Tensor logits = pass.Logits().detach().requires_grad_(true);
    return std::move(pass).ImageGradient(
        torch::autograd::grad({LossAt(logits, loss)}, {logits}).front());
  });
}

at::Tensor LogitsByBatch(const Executor& network, const at::Tensor& images) {
  return network.Train(images, 0, {.tracks_statistics = false, .trains_parameters = false});
}

at::Tensor AttackByBatch(const Executor& network, const at::Tensor& images, const at::Tensor& start,
                         const AttackLoss& loss, const AttackLimits& limits) {
  return Ascend(images, start, limits, [&](const at::Tensor& iterate) {
    const c10::AutoGradMode with_gradients(true);
    const at::Tensor point = iterate.detach().requires_grad_(true);
    const at::Tensor logits = LogitsByBatch(network, point);
    return torch::autograd::grad({LossAt(logits, loss)}, {point}).front();
  });
}

}  // namespace archsweep
