#include "worker/trainer/trades_step.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "base/check.h"
#include "worker/trainer/attack.h"
#include "worker/trainer/objective.h"
#include "worker/trainer/sgd.h"

namespace archsweep {
namespace {

constexpr double kStartDeviation = 0.001;

at::Tensor CorrectCount(const at::Tensor& logits, const at::Tensor& labels) {
  return logits.detach().argmax(1).eq(labels).sum();
}

at::Tensor GroupOf(const at::Tensor& batch, int64_t group, const TrainingSpec& spec) {
  return batch.narrow(0, group * spec.batch_norm_group, spec.batch_norm_group);
}

int64_t GroupsOf(const at::Tensor& batch, const TrainingSpec& spec) {
  CHECK(batch.size(0) % spec.batch_norm_group == 0);
  return batch.size(0) / spec.batch_norm_group;
}

// Adds what one group contributes.
void Accumulate(TradesGradients& sum, TradesGradients part) {
  if (sum.gradients.empty()) {
    sum = std::move(part);
    return;
  }
  const c10::NoGradGuard no_gradients;
  at::_foreach_add_(sum.gradients, part.gradients);
  sum.natural_loss += part.natural_loss;
  sum.robust_loss += part.robust_loss;
  sum.natural_correct += part.natural_correct;
  sum.robust_correct += part.robust_correct;
}

}  // namespace

at::Tensor AdversarialImages(const Executor& network, const at::Tensor& images,
                             const at::Tensor& noise, const TrainingSpec& spec) {
  const c10::NoGradGuard no_gradients;
  const at::Tensor start = at::add(images, noise, kStartDeviation);
  std::vector<at::Tensor> groups;
  for (int64_t g = 0; g < GroupsOf(images, spec); ++g) {
    const at::Tensor natural = GroupOf(images, g, spec);
    const auto group = static_cast<int>(g);
    groups.push_back(Attack(network, group, natural, GroupOf(start, g, spec),
                            DivergenceFrom{network.Evaluate(natural, group)},
                            {.epsilon = spec.epsilon_255 / 255,
                             .step = spec.attack_step_255 / 255,
                             .steps = spec.attack_steps}));
  }
  return groups.size() == 1 ? groups.front() : at::cat(groups);
}

TradesGradients GradientsOf(const Executor& network, const std::vector<at::Tensor>& parameters,
                            const at::Tensor& images, const at::Tensor& adversarial,
                            const at::Tensor& labels, const TrainingSpec& spec) {
  const c10::AutoGradMode with_gradients(true);
  TradesGradients sum;
  for (int64_t g = 0; g < GroupsOf(images, spec); ++g) {
    const auto group = static_cast<int>(g);
    const at::Tensor group_labels = GroupOf(labels, g, spec);
    const at::Tensor natural = network.Train(GroupOf(images, g, spec), group);
    const at::Tensor robust = network.Train(GroupOf(adversarial, g, spec), group);
    const TradesLoss loss = Trades(natural, robust, group_labels, spec.beta, images.size(0));
    Accumulate(sum, {.gradients = torch::autograd::grad({loss.total}, parameters),
                     .natural_loss = loss.natural.detach(),
                     .robust_loss = loss.robust.detach(),
                     .natural_correct = CorrectCount(natural, group_labels),
                     .robust_correct = CorrectCount(robust, group_labels)});
  }
  return sum;
}

at::Tensor StepTrades(const Executor& network, const at::Tensor& images, const at::Tensor& labels,
                      const at::Tensor& noise, const TrainingSpec& spec, double learning_rate,
                      TrainingState& state) {
  const at::Tensor adversarial = AdversarialImages(network, images, noise, spec);
  TradesGradients step = GradientsOf(network, state.parameters, images, adversarial, labels, spec);
  ClipByNorm(step.gradients, spec.gradient_clip);
  StepSgd(state.parameters, step.gradients, state.velocities,
          {.learning_rate = learning_rate,
           .momentum = spec.momentum,
           .weight_decay = spec.weight_decay});
  state.epoch_sums +=
      at::stack({step.natural_loss.to(at::kDouble), step.robust_loss.to(at::kDouble),
                 step.natural_correct.to(at::kDouble), step.robust_correct.to(at::kDouble)});
  ++state.step;
  return step.natural_loss + spec.beta * step.robust_loss;
}

}  // namespace archsweep
