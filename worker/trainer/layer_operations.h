#pragma once

#include <ATen/ATen.h>

#include <array>
#include <span>

#include "sweep/network/graph.h"

namespace archsweep {

inline constexpr double kNormEpsilon = 1e-5;  // Of all norms (paper, section 1.1).

// A tensor [3] of these values. The device fills it itself, for a copy from the host could not be
// recorded with a step (step_recorder.h).
at::Tensor ColorConstants(const std::array<float, 3>& values, const at::TensorOptions& options);

// `in_place` overwrites x where the activation can.
at::Tensor Activate(ActivationKind kind, const at::Tensor& x, bool in_place = false);

// The value of a node, given those of its inputs and what it owns (undefined where it owns
// nothing). Batch norms, which have statistics, and Input are not run here (asserted).
at::Tensor RunOperation(const Node& node, std::span<const at::Tensor> inputs,
                        const at::Tensor& weight, const at::Tensor& bias);

}  // namespace archsweep
