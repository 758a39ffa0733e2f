#include "worker/trainer/sgd.h"

#include <c10/core/GradMode.h>

namespace archsweep {
namespace {

// The tensors of the parameters that decay.
std::vector<at::Tensor> Decayed(const std::vector<at::Tensor>& tensors,
                                const SgdSettings& settings) {
  if (settings.is_decayed.empty()) return tensors;
  std::vector<at::Tensor> decayed;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (settings.is_decayed[i]) decayed.push_back(tensors[i]);
  }
  return decayed;
}

}  // namespace

at::Tensor ClipByNorm(std::vector<at::Tensor>& gradients, double norm_max) {
  const c10::NoGradGuard no_gradients;
  // The 1e-6 and the product also where nothing is clipped are those of torch's clip_grad_norm_.
  const at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)), 2);
  at::_foreach_mul_(gradients, at::clamp_max(norm_max / (norm + 1e-6), 1.0));
  return norm;
}

void StepSgd(const std::vector<at::Tensor>& parameters, std::vector<at::Tensor>& gradients,
             std::vector<at::Tensor>& velocities, const SgdSettings& settings) {
  const c10::NoGradGuard no_gradients;
  at::_foreach_add_(Decayed(gradients, settings), Decayed(parameters, settings),
                    settings.weight_decay);
  at::_foreach_mul_(velocities, settings.momentum);
  at::_foreach_add_(velocities, gradients);
  if (settings.nesterov) at::_foreach_add_(gradients, velocities, settings.momentum);
  at::_foreach_add_(parameters, settings.nesterov ? gradients : velocities,
                    -settings.learning_rate);
}

}  // namespace archsweep
