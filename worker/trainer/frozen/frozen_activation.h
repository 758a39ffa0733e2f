#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "sweep/network/layer_kinds.h"

namespace archsweep {

// An activation behind a frozen layer, or none.
class FrozenActivation {
 public:
  explicit FrozenActivation(std::optional<ActivationKind> kind) : kind_(kind) {}

  const std::optional<ActivationKind>& Kind() const { return kind_; }
  bool IsNone() const { return !kind_; }
  bool IsRelu() const { return kind_ == ActivationKind::kRelu; }

  // Overwrites x where it may. `kept` gets what Backward needs.
  at::Tensor Forward(at::Tensor x, at::Tensor* kept) const;
  // Overwrites the gradient where it may.
  at::Tensor Backward(at::Tensor gradient, const at::Tensor& kept) const;

 private:
  std::optional<ActivationKind> kind_;
};

}  // namespace archsweep
