#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "worker/trainer/attacks/attacked_network.h"
#include "worker/trainer/attacks/batch_attack.h"

namespace archsweep {

enum class ApgdLoss { kCrossEntropy, kLogitRatio, kTargetedLogitRatio };

// When APGD looks whether to halve its steps: after so many steps in all, the last `window` of
// which count (reference, section 1.3).
struct ApgdCheck {
  int after = 0;
  int window = 0;
  friend bool operator==(const ApgdCheck&, const ApgdCheck&) = default;
};
std::vector<ApgdCheck> ApgdChecks(int steps);

// Where a run begins: images + epsilon * draw / max |draw| of each image, in [0, 1], so that at
// least one value lies epsilon away. `draw` is in [-1, 1).
at::Tensor ApgdStart(const at::Tensor& images, const at::Tensor& draw, double epsilon);

// APGD from one start (reference, section 1.3): `steps` steps of signed gradients with a momentum
// of 0.25, the first 2 epsilon long, halved for each image by itself where they no longer help; the
// last point that the network gets wrong counts. Where passes are saved, an image leaves once it is
// wrong beyond doubt, and the last gradient is not computed.
class ApgdRun {
 public:
  struct Options {
    double epsilon = 0;
    int steps = 100;
    ApgdLoss loss = ApgdLoss::kCrossEntropy;
    bool saves_passes = true;
  };

  // `targets` are classes for the targeted loss only. Keeps a reference to `network`.
  ApgdRun(AttackedNetwork& network, const AttackedBatch& batch, const at::Tensor& targets,
          const at::Tensor& start, const Options& options);

  bool Done() const { return passes_ > options_.steps || rows_.ids.size(0) == 0; }
  void Advance();  // One pass through the network.
  const AttackOutcome& Outcome() const { return outcome_; }

  // Of the images that are still attacked, for tests: their rows in the batch, points, step sizes,
  // and the loss at the points.
  const at::Tensor& Ids() const { return rows_.ids; }
  const at::Tensor& Points() const { return rows_.point; }
  const at::Tensor& StepSizes() const { return rows_.step; }
  const at::Tensor& Losses() const { return rows_.loss; }
  const at::Tensor& BestLosses() const { return rows_.best_loss; }

 private:
  // One row for each image that is still attacked.
  struct Rows {
    at::Tensor ids;        // Rows in the batch.
    at::Tensor low, high;  // What the point may be.
    at::Tensor labels, targets;
    at::Tensor point, previous, gradient;
    at::Tensor best, best_gradient, best_loss;  // Where the loss was largest.
    at::Tensor best_loss_at_check;
    at::Tensor loss;
    at::Tensor increases;  // Steps of this window that raised the loss.
    at::Tensor step;       // [images, 1, 1, 1]
    at::Tensor reduced;    // Whether the last check halved the step.
    void Keep(const at::Tensor& kept);
  };

  at::Tensor Losses(const at::Tensor& logits) const;
  void Move();
  void Judge(const at::Tensor& logits);
  void Begin(const PointGradient& seen);
  void Compare(const PointGradient& seen);
  void HalveSteps(int window);
  void LeaveBroken();

  AttackedNetwork& network_;
  const Options options_;
  const std::vector<ApgdCheck> checks_;
  size_t next_check_ = 0;
  int passes_ = 0;
  Rows rows_;
  AttackOutcome outcome_;
};

}  // namespace archsweep
