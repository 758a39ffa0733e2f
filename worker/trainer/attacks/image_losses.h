#pragma once

#include <ATen/ATen.h>

namespace archsweep {

// What attacks raise, one value for each image [images], of logits z [images, classes] and labels
// y, with gradients to the logits (reference, sections 1.3 and 1.5). z_(k): the k-th largest logit.

// In nats.
at::Tensor CrossEntropies(const at::Tensor& logits, const at::Tensor& labels);

// Difference of logits ratio: -(z_y - the largest other) / (z_(1) - z_(3) + 1e-12). The same for
// a * z + b with a > 0, up to the 1e-12.
inline constexpr int kClassesOfRatioMin = 3;  // Asserted.
at::Tensor LogitRatios(const at::Tensor& logits, const at::Tensor& labels);

// Towards the class t: -(z_y - z_t) / (z_(1) - (z_(3) + z_(4)) / 2 + 1e-12).
inline constexpr int kClassesOfTargetedRatioMin = 4;  // Asserted.
at::Tensor TargetedLogitRatios(const at::Tensor& logits, const at::Tensor& labels,
                               const at::Tensor& targets);

// z_y - the largest other: not positive where the network is wrong, or in doubt.
at::Tensor Margins(const at::Tensor& logits, const at::Tensor& labels);

// z_t - z_y.
at::Tensor LogitDifferences(const at::Tensor& logits, const at::Tensor& labels,
                            const at::Tensor& targets);

// Whether the network is right, by the first class of the largest logit.
at::Tensor AreRight(const at::Tensor& logits, const at::Tensor& labels);

// The class of the k-th largest logit of each image, k from 1 on.
at::Tensor RankedClasses(const at::Tensor& logits, int k);

}  // namespace archsweep
