#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "sweep/trial/trial.h"

namespace archsweep {

// What the layers of a network may be turned into before they run.
enum class Fusion {
  // Nothing: the official order of operations on contiguous tensors. The same numbers as those of
  // the official code where the kernels are the same.
  kNone,
  // Whatever is fast: channels last, layers folded into one another. Equal to kNone up to rounding.
  kFolded,
};

inline Fusion FusionOf(const Numerics& numerics) {
  return numerics.fusion == "none" ? Fusion::kNone : Fusion::kFolded;
}

// In which convolutions and linear layers multiply, where it is not the type of the parameters:
// these, the statistics of norms, images, logits and all gradients of parameters keep theirs.
inline std::optional<at::ScalarType> ComputeTypeOf(const Numerics& numerics) {
  return numerics.precision == "bf16" ? std::optional(at::kBFloat16) : std::nullopt;
}

// Of images, values and four-dimensional parameters.
inline at::MemoryFormat LayoutOf(Fusion fusion) {
  return fusion == Fusion::kNone ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast;
}

}  // namespace archsweep
