#include "worker/trainer/attacked_images.h"

#include "worker/trainer/noise.h"

namespace archsweep {

at::Tensor AttackedImages(const FrozenNetwork& network, const at::Tensor& images,
                          const AttackLoss& loss, const AttackSettings& settings,
                          const DrawKey& start_key, std::span<const int64_t> indices) {
  if (settings.steps == 0) return images;
  at::Tensor start = images;
  if (settings.random_start) {
    start = images + UniformNoise(start_key, indices, settings.epsilon_255 / 255, images);
  }
  return Attack(network, images, start, loss,
                {.epsilon = settings.epsilon_255 / 255,
                 .step = settings.step_255 / 255,
                 .steps = settings.steps});
}

}  // namespace archsweep
