#pragma once

#include <cstdint>

#include "sweep/trial/training.h"

namespace archsweep {

// What the optimiser uses during one epoch.
struct Rates {
  double learning_rate = 0;
  double momentum = 0;
  friend bool operator==(const Rates&, const Rates&) = default;
};

// `epoch` counts from 0 and is below spec.epochs.
// kStep: the learning rate falls to a tenth at 75 % of the epochs and to a hundredth at 90 %
// (paper, section 3). kOneCycle: from 1/25 of the learning rate up to it in spec.warmup_share of
// the epochs and down to 1/10^4 of where it began, along cosines; momentum goes the other way, 0.95
// to 0.85 to 0.95, and not by spec.momentum (reference, section 5.2).
Rates RatesAt(const TrainingSpec& spec, int epoch);

// The momentum of running statistics in the step that follows `steps_done` others.
double NormMomentumAt(const TrainingSpec& spec, int64_t steps_done);

// How much of the averaged weights stays in the `step`-th step, counted from 1, of a training over
// `images` images an epoch: 0 within the epochs of warm-up, then min(ema, (1 + d) / (10 + d)) with
// d steps since (reference, section 5.2). An epoch of warm-up counts one step more than it has, as
// in the official code.
double EmaDecayAt(const TrainingSpec& spec, int64_t images, int64_t step);

}  // namespace archsweep
