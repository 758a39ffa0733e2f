#pragma once

#include <ATen/ATen.h>

#include "worker/trainer/attacks/attacked_network.h"

namespace archsweep {

// Images that are attacked together.
struct AttackedBatch {
  // [images, channels, height, width], in [0, 1]; best in the layout that the network takes, which
  // all tensors of an attack then have.
  at::Tensor images;
  at::Tensor labels;  // [images], of integers
};

// What an attack leaves of a batch, one row for each image.
struct AttackOutcome {
  at::Tensor images;   // The attacked ones where it succeeded, the given ones elsewhere.
  at::Tensor broken;   // Whether it believes to have succeeded.
  at::Tensor margins;  // The least margin (image_losses.h) that it saw at a point of the ball.
  // Whether an attack by logit ratios began at a point without a gradient; undefined for others.
  at::Tensor without_gradient;
};

// One attack on one batch, which its constructor takes, in slices of about one pass of the batch
// through the network, so that whoever drives it can stop, report and go on. Images that the
// network gets wrong by themselves are left as they are. One thread.
class BatchAttack {
 public:
  virtual ~BatchAttack() = default;
  virtual bool Done() const = 0;
  virtual void Advance() = 0;           // Only while it is not done.
  virtual AttackOutcome Outcome() = 0;  // Only when it is.
};

// What all attacks are told.
struct BatchAttackOptions {
  double epsilon = 0;  // Radius of the L-infinity ball, in the units of the images.
  int restarts = 1;
  uint64_t seed = 0;  // Of the generator, which starts with the attack.
  // Whether the savings of reference, section 1.8, are taken. They leave verdicts as they are, but
  // not the attacked images: those are the first that the network gets wrong, not the last or the
  // nearest. Every image of the batch must be one that the network gets right. Without them every
  // pass of the reference is made.
  bool saves_passes = true;
};

// An attack that saves passes goes on with an image that the network gets wrong until its margin is
// beyond this, so that no rounding can turn the verdict.
inline constexpr double kDoubtfulMargin = 1e-4;

}  // namespace archsweep
