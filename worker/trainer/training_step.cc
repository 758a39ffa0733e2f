#include "worker/trainer/training_step.h"

#include <c10/core/GradMode.h>

#include <limits>
#include <utility>

#include "base/check.h"
#include "worker/trainer/attack.h"
#include "worker/trainer/objective.h"
#include "worker/trainer/sgd.h"

namespace archsweep {
namespace {

constexpr double kTradesStartDeviation = 0.001;

at::Tensor ClassesOf(const at::Tensor& labels) {
  return labels.dim() == 1 ? labels : labels.argmax(1);
}

at::Tensor CorrectCount(const at::Tensor& logits, const at::Tensor& labels) {
  return logits.detach().argmax(1).eq(ClassesOf(labels)).sum().to(at::kDouble);
}

at::Tensor GroupOf(const at::Tensor& batch, int64_t group, const TrainingSpec& spec) {
  return batch.narrow(0, group * spec.batch_norm_group, spec.batch_norm_group);
}

int64_t GroupsOf(const TrainingBatch& batch, const TrainingSpec& spec) {
  CHECK(batch.images.size(0) % spec.batch_norm_group == 0);
  return batch.images.size(0) / spec.batch_norm_group;
}

at::Tensor StartOf(const TrainingBatch& batch, const TrainingSpec& spec) {
  if (spec.attack_start == AttackStart::kUniform) return (batch.images + batch.noise).clamp_(0, 1);
  const bool is_trades = spec.objective == Objective::kTrades;
  return batch.images +
         batch.noise * (is_trades ? kTradesStartDeviation : spec.attack_step_255 / 255);
}

AttackLimits LimitsOf(const TrainingSpec& spec) {
  return {.epsilon = spec.epsilon_255 / 255,
          .step = spec.attack_step_255 / 255,
          .steps = spec.attack_steps};
}

AttackLoss AttackLossOf(const FrozenNetwork& network, const at::Tensor& images,
                        const at::Tensor& labels, const TrainingSpec& spec) {
  if (spec.objective != Objective::kTrades) return MeanCrossEntropyOf{labels};
  // Mixed images are pushed away from their mixed labels.
  if (labels.dim() == 2) return DivergenceFrom{at::log(labels)};
  return DivergenceFrom{network.Logits(images)};
}

// What one group contributes, besides its gradients.
struct GroupLoss {
  at::Tensor total;
  at::Tensor scalars;  // Those of OuterGradients, in their order.
};

GroupLoss LossOfGroup(const Executor& network, int64_t group, const TrainingBatch& batch,
                      const at::Tensor& adversarial, const TrainingSpec& spec,
                      double norm_momentum) {
  const int statistics = batch.first_group + static_cast<int>(group);
  const at::Tensor labels = GroupOf(batch.labels, group, spec);
  at::Tensor natural;
  if (spec.objective != Objective::kSat) {
    natural = network.Train(
        GroupOf(batch.images, group, spec), statistics,
        {.tracks_statistics = spec.norm_updates == NormUpdates::kBoth, .momentum = norm_momentum});
  }
  const at::Tensor robust =
      network.Train(GroupOf(adversarial, group, spec), statistics, {.momentum = norm_momentum});
  const int64_t batch_size = batch.batch_size > 0 ? batch.batch_size : batch.images.size(0);
  const OuterLoss loss = LossOf(spec, natural, robust, labels, batch_size);
  const at::Tensor robust_correct = CorrectCount(robust, labels);
  const at::Tensor natural_correct =
      natural.defined() ? CorrectCount(natural, labels)
                        : at::full_like(robust_correct, std::numeric_limits<double>::quiet_NaN());
  return {.total = loss.total,
          .scalars = at::stack({loss.fitting.detach(), loss.robust.detach(),
                                natural_correct.to(loss.fitting.scalar_type()),
                                robust_correct.to(loss.fitting.scalar_type())})};
}

}  // namespace

at::Tensor AdversarialImages(const Executor& network, const TrainingBatch& batch,
                             const TrainingSpec& spec) {
  const c10::NoGradGuard no_gradients;
  const at::Tensor start = StartOf(batch, spec);
  std::vector<at::Tensor> groups;
  for (int64_t g = 0; g < GroupsOf(batch, spec); ++g) {
    const at::Tensor images = GroupOf(batch.images, g, spec);
    const FrozenNetwork frozen(network, batch.first_group + static_cast<int>(g), spec.attack_norms);
    const AttackLoss loss = AttackLossOf(frozen, images, GroupOf(batch.labels, g, spec), spec);
    groups.push_back(Attack(frozen, images, GroupOf(start, g, spec), loss, LimitsOf(spec)));
  }
  return groups.size() == 1 ? groups.front() : at::cat(groups);
}

OuterGradients GradientsOf(const Executor& network, GradientSum& sum, const TrainingBatch& batch,
                           const at::Tensor& adversarial, const TrainingSpec& spec,
                           double norm_momentum) {
  const c10::AutoGradMode with_gradients(true);
  const int64_t groups = GroupsOf(batch, spec);
  at::Tensor scalars;
  for (int64_t g = 0; g < groups; ++g) {
    const GroupLoss group = LossOfGroup(network, g, batch, adversarial, spec, norm_momentum);
    scalars = scalars.defined() ? scalars + group.scalars : group.scalars;
    if (g + 1 < groups) {
      sum.Add(group.total);
    } else {
      sum.AddLast(group.total, scalars);
    }
  }
  const GradientSum::Sums sums = sum.Wait();
  return {.gradients = sums.gradients,
          .fitting_loss = sums.riders[0],
          .robust_loss = sums.riders[1],
          .natural_correct = sums.riders[2].to(at::kDouble),
          .robust_correct = sums.riders[3].to(at::kDouble)};
}

at::Tensor RunStep(const Executor& network, GradientSum& sum, const TrainingBatch& batch,
                   const TrainingSpec& spec, const StepRates& rates, TrainingState& state) {
  const at::Tensor adversarial = AdversarialImages(network, batch, spec);
  const OuterGradients step =
      GradientsOf(network, sum, batch, adversarial, spec, rates.norm_momentum);
  if (spec.gradient_clip > 0) ClipByNorm(*step.gradients, spec.gradient_clip);
  StepSgd(state.parameters, *step.gradients, state.velocities,
          {.learning_rate = rates.rates.learning_rate,
           .momentum = rates.rates.momentum,
           .nesterov = spec.nesterov,
           .weight_decay = spec.weight_decay,
           .is_decayed = state.is_decayed});
  if (state.average) MoveAverage(*state.average, state.model, rates.ema_decay);
  state.epoch_sums +=
      at::stack({step.fitting_loss.to(at::kDouble), step.robust_loss.to(at::kDouble),
                 step.natural_correct, step.robust_correct});
  return step.fitting_loss + spec.beta * step.robust_loss;
}

}  // namespace archsweep
