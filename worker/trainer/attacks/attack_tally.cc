#include "worker/trainer/attacks/attack_tally.h"

#include <limits>

namespace archsweep {

AttackTally::AttackTally(const AttackedBatch& batch)
    : batch_(batch),
      left_out_(at::zeros(batch.labels.sizes(), batch.labels.options().dtype(at::kBool))),
      outcome_{.images = batch.images.clone(),
               .broken = left_out_.clone(),
               .margins = at::full(batch.labels.sizes(), std::numeric_limits<double>::infinity(),
                                   batch.images.options()),
               .without_gradient = {}} {}

void AttackTally::LeaveOut(const at::Tensor& wrong) { left_out_.logical_or_(wrong); }

at::Tensor AttackTally::StandingRows() const {
  return outcome_.broken.logical_or(left_out_).logical_not_().nonzero().squeeze(1);
}

AttackedBatch AttackTally::Select(const at::Tensor& rows) const {
  return {.images = batch_.images.index_select(0, rows),
          .labels = batch_.labels.index_select(0, rows)};
}

void AttackTally::Add(const at::Tensor& rows, const AttackOutcome& outcome) {
  const at::Tensor broken = outcome.broken.nonzero().squeeze(1);
  const at::Tensor broken_rows = rows.index_select(0, broken);
  outcome_.images.index_copy_(0, broken_rows, outcome.images.index_select(0, broken));
  outcome_.broken.index_fill_(0, broken_rows, true);
  const at::Tensor margins = outcome_.margins.index_select(0, rows);
  outcome_.margins.index_copy_(0, rows, at::minimum(margins, outcome.margins));
  if (!outcome.without_gradient.defined()) return;
  if (!outcome_.without_gradient.defined()) {
    outcome_.without_gradient = at::zeros_like(outcome_.broken);
  }
  outcome_.without_gradient.index_put_(
      {rows}, outcome_.without_gradient.index_select(0, rows).logical_or(outcome.without_gradient));
}

}  // namespace archsweep
