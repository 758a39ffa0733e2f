#pragma once

#include <memory>

#include "worker/trainer/frozen/frozen_layer.h"

namespace archsweep {

// A convolution with what `fused` says of it, its norm folded into its weights.
std::unique_ptr<FrozenLayer> FreezeConvolution(const Graph& graph, const FusedLayer& fused,
                                               const NodeTensors& own, const NodeTensors& norm,
                                               int64_t images);

// Scale and shift of a batch norm by its running statistics, in double precision: [channels] each.
struct ScaleAndShift {
  at::Tensor scale, shift;
};
ScaleAndShift ConstantsOf(const NodeTensors& norm);

}  // namespace archsweep
