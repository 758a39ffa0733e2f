#include "worker/trainer/frozen/frozen_activation.h"

#include "base/check.h"
#include "worker/trainer/channelwise/scale_shift.h"
#include "worker/trainer/layer_operations.h"

namespace archsweep {

at::Tensor FrozenActivation::Forward(at::Tensor x, at::Tensor* kept) const {
  if (IsNone()) return x;
  at::Tensor result = Activate(*kind_, x, IsUnshared(x));
  if (kept != nullptr) *kept = IsRelu() ? result : x;
  return result;
}

at::Tensor FrozenActivation::Backward(at::Tensor gradient, const at::Tensor& kept) const {
  if (IsNone()) return gradient;
  at::Tensor result = IsUnshared(gradient) ? gradient : at::empty_like(gradient);
  switch (*kind_) {
    case ActivationKind::kRelu:
      return at::threshold_backward_out(result, gradient, kept, 0);
    case ActivationKind::kSilu:
      return at::silu_backward_out(result, gradient, kept);
    case ActivationKind::kSoftplus:
      return at::softplus_backward_out(result, gradient, kept, 1, 20);
    case ActivationKind::kGelu:
      return at::gelu_backward_out(result, gradient, kept);
    case ActivationKind::kElu:
      return at::elu_backward_out(result, gradient, 1, 1, 1, /*is_result=*/false, kept);
    case ActivationKind::kMish:
      return at::mish_backward(gradient, kept);
    case ActivationKind::kLeakyRelu:
      return at::leaky_relu_backward_out(result, gradient, kept, 0.01, /*self_is_result=*/false);
  }
  CHECK(false);
}

}  // namespace archsweep
