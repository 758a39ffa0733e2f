#pragma once

#include <ATen/ATen.h>

#include <span>

#include "sweep/trial/evaluation.h"
#include "worker/trainer/attack.h"
#include "worker/trainer/draws.h"

namespace archsweep {

// Images after an attack by projected gradient ascent; the images themselves where it has no steps.
// Its start is drawn by the indices of the images.
at::Tensor AttackedImages(const FrozenNetwork& network, const at::Tensor& images,
                          const AttackLoss& loss, const AttackSettings& settings,
                          const DrawKey& start_key, std::span<const int64_t> indices);

}  // namespace archsweep
