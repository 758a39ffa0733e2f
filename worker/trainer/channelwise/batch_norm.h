#pragma once

#include <ATen/ATen.h>

namespace archsweep {

// What a batch moves; undefined tensors where it moves nothing.
struct RunningStatistics {
  at::Tensor mean, variance;  // [channels]
  double momentum = 0;        // Weight of this batch.
};

// Whether there are kernels for values of this type, where they are.
bool CanNormalizeBatch(const at::Tensor& x);

// A batch norm by the statistics of this batch, and a ReLU behind it where `relu` says so, with
// gradients (that cannot be differentiated again) to x, weight and bias; of what is between the two
// nothing is written or kept. For x that has kernels (asserted); another layout is copied first.
// Sums run over blocks that do not depend on the number of threads.
at::Tensor BatchNormOfBatch(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const RunningStatistics& running, bool relu);

}  // namespace archsweep
