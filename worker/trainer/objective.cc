#include "worker/trainer/objective.h"

namespace archsweep {

at::Tensor KlSum(const at::Tensor& natural_logits, const at::Tensor& adversarial_logits) {
  return at::kl_div(at::log_softmax(adversarial_logits, 1), at::softmax(natural_logits, 1),
                    at::Reduction::Sum);
}

at::Tensor CrossEntropySum(const at::Tensor& logits, const at::Tensor& labels) {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum);
}

TradesLoss Trades(const at::Tensor& natural_logits, const at::Tensor& adversarial_logits,
                  const at::Tensor& labels, double beta, int64_t batch) {
  const at::Tensor natural = CrossEntropySum(natural_logits, labels) / batch;
  const at::Tensor robust = KlSum(natural_logits, adversarial_logits) / batch;
  return {.total = natural + beta * robust, .natural = natural, .robust = robust};
}

}  // namespace archsweep
