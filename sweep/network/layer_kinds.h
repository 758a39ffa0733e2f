#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace archsweep {

// Those of the official registry that can be used as it ships (paper, section 1.5). GELU is the
// exact one; ELU has alpha 1, Softplus beta 1 and threshold 20, LeakyReLU slope 0.01.
enum class ActivationKind { kRelu, kSilu, kSoftplus, kGelu, kElu, kMish, kLeakyRelu };

// Those of the official registry (paper, section 1.5). Group norm has one group for every 8
// channels; layer norm is over the channels of each pixel; instance norm has neither weights nor
// running statistics.
enum class NormKind { kBatch, kGroup, kLayer, kInstance };

std::span<const ActivationKind> ActivationKinds();
std::span<const NormKind> NormKinds();

// As written in a sweep file: "leaky_relu", "batch".
std::string_view NameOf(ActivationKind kind);
std::string_view NameOf(NormKind kind);

// kInvalidInput with the nearest name if there is none of that name.
Result<ActivationKind> ActivationByName(std::string_view name);
Result<NormKind> NormByName(std::string_view name);

}  // namespace archsweep
