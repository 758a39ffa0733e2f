#include "worker/trainer/objective.h"

#include <limits>
#include <tuple>

namespace archsweep {

at::Tensor KlSum(const at::Tensor& natural_logits, const at::Tensor& adversarial_logits) {
  return at::kl_div(at::log_softmax(adversarial_logits, 1), at::softmax(natural_logits, 1),
                    at::Reduction::Sum);
}

at::Tensor CrossEntropySum(const at::Tensor& logits, const at::Tensor& labels) {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum);
}

at::Tensor MarginSum(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor index = labels.unsqueeze(1);
  const at::Tensor right = logits.gather(1, index).squeeze(1);
  const at::Tensor others = logits.scatter(1, index, -std::numeric_limits<float>::infinity());
  return (right - std::get<0>(others.max(1))).clamp_min(0).sum();
}

TradesLoss Trades(const at::Tensor& natural_logits, const at::Tensor& adversarial_logits,
                  const at::Tensor& labels, double beta, int64_t batch) {
  const at::Tensor natural = CrossEntropySum(natural_logits, labels) / batch;
  const at::Tensor robust = KlSum(natural_logits, adversarial_logits) / batch;
  return {.total = natural + beta * robust, .natural = natural, .robust = robust};
}

}  // namespace archsweep
