#pragma once

#include <ATen/ATen.h>

#include "worker/trainer/attacks/attacked_network.h"
#include "worker/trainer/attacks/batch_attack.h"

namespace archsweep {

// FAB towards one class from one start (reference, section 1.4): looks for the nearest image that
// the network gets wrong, whatever its distance, by projecting onto the linear model of the
// boundary between the label and the target. Draws nothing. Where passes are saved, an image leaves
// once it is wrong beyond doubt within epsilon.
class FabRun {
 public:
  struct Options {
    double epsilon = 0;  // Decides about success only.
    int steps = 100;
    bool saves_passes = true;
  };

  // Keeps a reference to `network`.
  FabRun(AttackedNetwork& network, const AttackedBatch& batch, const at::Tensor& targets,
         const at::Tensor& start, const Options& options);

  bool Done() const { return steps_ == options_.steps || rows_.ids.size(0) == 0; }
  void Advance();  // One step: two passes through the network, a gradient by one of them.

  // Broken: the network was wrong at a point of the ball.
  const AttackOutcome& Outcome() const { return outcome_; }

  // The nearest point of each image that the network gets wrong and its distance, kNothingFound
  // where there is none; only where no passes are saved. For tests also z_target - z_label where
  // the last step began, and whether the network was wrong where it ended.
  static constexpr double kNothingFound = 1e10;
  const at::Tensor& Nearest() const { return rows_.nearest; }
  const at::Tensor& Distances() const { return rows_.distance; }
  const at::Tensor& Differences() const { return rows_.difference; }
  const at::Tensor& Wrong() const { return rows_.wrong; }

 private:
  struct Rows {
    at::Tensor ids;  // Rows in the batch.
    at::Tensor images, labels, targets;
    at::Tensor point, nearest, distance;
    at::Tensor difference, wrong;
    void Keep(const at::Tensor& kept);
  };

  void Move();
  void Judge();

  AttackedNetwork& network_;
  const Options options_;
  int steps_ = 0;
  Rows rows_;
  AttackOutcome outcome_;
};

}  // namespace archsweep
