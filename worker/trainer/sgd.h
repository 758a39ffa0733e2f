#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace archsweep {

struct SgdSettings {
  double learning_rate = 0;
  double momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
  // By parameter, whether it decays; empty: all do.
  std::vector<bool> is_decayed;
};

// Scales all gradients so that the L2 norm over all of them is at most `norm_max`, and returns the
// norm that they had, on their device.
at::Tensor ClipByNorm(std::vector<at::Tensor>& gradients, double norm_max);

// One step of stochastic gradient descent: g = gradient + decay * parameter;
// velocity = momentum * velocity + g; parameter -= rate * velocity, with Nesterov's momentum
// rate * (g + momentum * velocity). One of each for a parameter; gradients are used up.
void StepSgd(const std::vector<at::Tensor>& parameters, std::vector<at::Tensor>& gradients,
             std::vector<at::Tensor>& velocities, const SgdSettings& settings);

}  // namespace archsweep
