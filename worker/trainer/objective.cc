#include "worker/trainer/objective.h"

#include <limits>
#include <tuple>

#include "base/check.h"

namespace archsweep {
namespace {

// Against log(0); of the official code.
constexpr double kTiny = 1e-12;

OuterLoss Trades(const TrainingSpec& spec, const at::Tensor& natural_logits,
                 const at::Tensor& adversarial_logits, const at::Tensor& labels, int64_t batch) {
  // Mixed labels are not smoothed.
  const double smoothing = labels.dim() == 1 ? spec.label_smoothing : 0;
  const at::Tensor fitting = CrossEntropySum(natural_logits, labels, smoothing) / batch;
  const at::Tensor robust = KlSum(natural_logits, adversarial_logits) / batch;
  return {.total = fitting + spec.beta * robust, .fitting = fitting, .robust = robust};
}

OuterLoss Sat(const at::Tensor& adversarial_logits, const at::Tensor& labels, int64_t batch) {
  const at::Tensor fitting = CrossEntropySum(adversarial_logits, labels) / batch;
  return {.total = fitting, .fitting = fitting, .robust = at::zeros_like(fitting)};
}

// The most likely class but the right one.
at::Tensor BestWrongClass(const at::Tensor& probabilities, const at::Tensor& labels) {
  const at::Tensor order = at::argsort(probabilities, int64_t{1});
  const at::Tensor first = order.select(1, -1);
  return at::where(first.eq(labels), order.select(1, -2), first);
}

// The constants beside 1 are those of the official code.
OuterLoss Mart(const TrainingSpec& spec, const at::Tensor& natural_logits,
               const at::Tensor& adversarial_logits, const at::Tensor& labels, int64_t batch) {
  const at::Tensor adversarial = at::softmax(adversarial_logits, 1);
  const at::Tensor wrong = BestWrongClass(adversarial, labels);
  const at::Tensor margin =
      at::nll_loss(at::log(1.0001 - adversarial + kTiny), wrong, {}, at::Reduction::Sum);
  const at::Tensor fitting = (CrossEntropySum(adversarial_logits, labels) + margin) / batch;
  const at::Tensor natural = at::softmax(natural_logits, 1);
  const at::Tensor sureness = natural.gather(1, labels.unsqueeze(1)).squeeze(1);
  const at::Tensor divergence =
      at::kl_div(at::log(adversarial + kTiny), natural, at::Reduction::None).sum(1);
  const at::Tensor robust = (divergence * (1.0000001 - sureness)).sum() / batch;
  return {.total = fitting + spec.beta * robust, .fitting = fitting, .robust = robust};
}

}  // namespace

at::Tensor KlSum(const at::Tensor& natural_logits, const at::Tensor& adversarial_logits) {
  return at::kl_div(at::log_softmax(adversarial_logits, 1), at::softmax(natural_logits, 1),
                    at::Reduction::Sum);
}

at::Tensor CrossEntropySum(const at::Tensor& logits, const at::Tensor& labels,
                           double label_smoothing) {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum, /*ignore_index=*/-100,
                                label_smoothing);
}

at::Tensor MarginSum(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor index = labels.unsqueeze(1);
  const at::Tensor right = logits.gather(1, index).squeeze(1);
  const at::Tensor others = logits.scatter(1, index, -std::numeric_limits<float>::infinity());
  return (right - std::get<0>(others.max(1))).clamp_min(0).sum();
}

OuterLoss LossOf(const TrainingSpec& spec, const at::Tensor& natural_logits,
                 const at::Tensor& adversarial_logits, const at::Tensor& labels, int64_t batch) {
  switch (spec.objective) {
    case Objective::kTrades:
      return Trades(spec, natural_logits, adversarial_logits, labels, batch);
    case Objective::kSat:
      return Sat(adversarial_logits, labels, batch);
    case Objective::kMart:
      return Mart(spec, natural_logits, adversarial_logits, labels, batch);
  }
  CHECK(false);
}

}  // namespace archsweep
