#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <vector>

#include "sweep/trial/evaluation.h"
#include "worker/trainer/attack.h"
#include "worker/trainer/augmentation.h"
#include "worker/trainer/draws.h"

namespace archsweep {

// Images that go through the network at once; has no influence on draws.
inline constexpr int64_t kEvaluationBatch = 128;

// Consecutive images of a set.
struct EvaluationBatch {
  std::vector<int64_t> indices;
  at::Tensor images;  // In [0, 1].
  at::Tensor labels;
};

// Those from `first` on that are evaluated at once; none from `end` on.
EvaluationBatch BatchFrom(const DeviceImages& images, int64_t first, int64_t end);

// Images after an attack by projected gradient ascent; the images themselves where it has no steps.
// Its start is drawn by the indices of the images.
at::Tensor AttackedImages(const FrozenNetwork& network, const at::Tensor& images,
                          const AttackLoss& loss, const AttackSettings& settings,
                          const DrawKey& start_key, std::span<const int64_t> indices);

}  // namespace archsweep
