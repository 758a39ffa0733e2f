#pragma once

#include <ATen/ATen.h>

#include <span>

#include "sweep/trial/evaluation.h"
#include "worker/trainer/attack.h"
#include "worker/trainer/augmentation.h"

namespace archsweep {

// Images after an attack by projected gradient ascent; the images themselves where it has no steps.
// Its start is drawn from `seed` by the indices of the images.
at::Tensor AttackedImages(const FrozenNetwork& network, const at::Tensor& images,
                          const AttackLoss& loss, const AttackSettings& settings, uint64_t seed,
                          std::span<const int64_t> indices);

}  // namespace archsweep
