#pragma once

#include <ATen/ATen.h>

#include <variant>

#include "worker/trainer/frozen/frozen_network.h"

namespace archsweep {

// What an attack makes as large as it can.
struct DivergenceFrom {
  at::Tensor natural_logits;  // Sum of KL to these, which are constants.
};
struct MeanCrossEntropyOf {
  at::Tensor labels;
};
struct MarginOf {
  at::Tensor labels;  // Minus the sum of MarginSum: an image that is wrong already has no gradient.
};
using AttackLoss = std::variant<DivergenceFrom, MeanCrossEntropyOf, MarginOf>;

// L-infinity ball and steps, in the units of the images.
struct AttackLimits {
  double epsilon = 0;
  double step = 0;
  int steps = 1;
};

// Projected gradient ascent (paper, sections 5.1 and 6): from `start`, each step adds step *
// sign(gradient), returns to the ball around `images` and to [0, 1]; the last iterate counts. The
// sign of a zero gradient is 0. `start` itself is used as it is. The result has no gradient.
at::Tensor Attack(const FrozenNetwork& network, const at::Tensor& images, const at::Tensor& start,
                  const AttackLoss& loss, const AttackLimits& limits);

}  // namespace archsweep
