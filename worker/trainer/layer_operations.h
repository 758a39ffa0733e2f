#pragma once

#include <ATen/ATen.h>

#include <span>

#include "sweep/network/graph.h"

namespace archsweep {

inline constexpr double kNormEpsilon = 1e-5;  // Of all norms (paper, section 1.1).

// `in_place` overwrites x where the activation can.
at::Tensor Activate(ActivationKind kind, const at::Tensor& x, bool in_place = false);

// The value of a node, given those of its inputs and what it owns (undefined where it owns
// nothing). Batch norms, which have statistics, and Input are not run here (asserted).
at::Tensor RunOperation(const Node& node, std::span<const at::Tensor> inputs,
                        const at::Tensor& weight, const at::Tensor& bias);

}  // namespace archsweep
