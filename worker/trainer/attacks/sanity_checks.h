#pragma once

#include <ATen/ATen.h>

#include <span>
#include <string>
#include <vector>

#include "worker/trainer/attacks/autoattack_state.h"

namespace archsweep {

// The checks by which AutoAttack doubts its own verdicts (reference, section 1.6). They warn and
// change nothing. Its check for gradients that the network computes by itself is not among them: a
// layer graph is a fixed chain of operations, none of which is a gradient.

// Whether repeated passes over the same images disagree: in how many are right, or by more than
// 1e-4 in the direction of the logits of an image.
bool LookRandom(std::span<const at::Tensor> logits, const at::Tensor& labels);

// Whether all rows lie in [0, 1] and sum to 1, within 1e-5.
bool LookLikeProbabilities(const at::Tensor& logits);

// Sentences about all that the checks found in a chain that is finished, those about few classes
// and about Square, which should find next to nothing, included.
std::vector<std::string> SanityWarnings(const AutoAttackSettings& settings, int64_t classes,
                                        const AutoAttackState& state);

}  // namespace archsweep
