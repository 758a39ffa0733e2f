#pragma once

#include <ATen/ATen.h>

#include "worker/trainer/attacks/batch_attack.h"

namespace archsweep {

// What the runs of an attack have left of a batch so far. One thread.
class AttackTally {
 public:
  // Nothing has been tried yet.
  explicit AttackTally(const AttackedBatch& batch);

  const AttackedBatch& Batch() const { return batch_; }

  // Leaves images out that the network gets wrong by themselves.
  void LeaveOut(const at::Tensor& wrong);

  // The rows that a further run takes.
  at::Tensor StandingRows() const;
  AttackedBatch Select(const at::Tensor& rows) const;

  // Enters what a run left of `rows`.
  void Add(const at::Tensor& rows, const AttackOutcome& outcome);

  const AttackOutcome& Outcome() const { return outcome_; }

 private:
  AttackedBatch batch_;
  at::Tensor left_out_;  // [images]
  AttackOutcome outcome_;
};

}  // namespace archsweep
