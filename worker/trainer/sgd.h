#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace archsweep {

struct SgdSettings {
  double learning_rate = 0;
  double momentum = 0;
  double weight_decay = 0;
};

// Scales all gradients so that the L2 norm over all of them is at most `norm_max`, and returns the
// norm that they had, on their device.
at::Tensor ClipByNorm(std::vector<at::Tensor>& gradients, double norm_max);

// One step of stochastic gradient descent: velocity = momentum * velocity + gradient + decay *
// parameter; parameter -= rate * velocity. One of each for a parameter; gradients are used up.
void StepSgd(const std::vector<at::Tensor>& parameters, std::vector<at::Tensor>& gradients,
             std::vector<at::Tensor>& velocities, const SgdSettings& settings);

}  // namespace archsweep
