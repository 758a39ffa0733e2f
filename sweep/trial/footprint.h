#pragma once

#include <cstdint>

#include "sweep/trial/sweep.h"

namespace archsweep {

inline constexpr int kCheckpointsKept = 2;  // Of a training under way; afterwards its weights only.

// What one trial takes, in bytes. An estimate: workspaces of convolutions and the images themselves
// are left out.
struct Footprint {
  // Weights, gradients and momentum in single precision, and the activations of the two forward
  // passes of one TRADES step, which is computed batch-norm group by batch-norm group. Of an
  // imported network, which is only attacked: its weights and one pass of as many images.
  int64_t memory = 0;
  int64_t training_disk = 0;  // kCheckpointsKept times weights and momentum.
  int64_t kept_disk = 0;      // The last weights.
};

Footprint FootprintOf(const SweepTrial& trial);

}  // namespace archsweep
