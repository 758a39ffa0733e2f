#include "worker/trainer/attacked_images.h"

#include <algorithm>
#include <numeric>

#include "worker/trainer/noise.h"

namespace archsweep {

EvaluationBatch BatchFrom(const DeviceImages& images, int64_t first, int64_t end) {
  const int64_t count = std::min(kEvaluationBatch, end - first);
  EvaluationBatch batch = {.indices = std::vector<int64_t>(static_cast<size_t>(count)),
                           .images = {},
                           .labels = images.labels.narrow(0, first, count)};
  std::iota(batch.indices.begin(), batch.indices.end(), first);
  batch.images = Images(images.pixels, batch.indices);
  return batch;
}

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
