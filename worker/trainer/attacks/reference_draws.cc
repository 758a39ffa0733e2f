#include "worker/trainer/attacks/reference_draws.h"

#include <ATen/CPUGeneratorImpl.h>

namespace archsweep {

ReferenceDraws::ReferenceDraws(uint64_t seed)
    : generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

at::Tensor ReferenceDraws::Uniform(at::IntArrayRef shape) {
  return at::rand(shape, generator_, at::TensorOptions().dtype(at::kFloat));
}

at::Tensor ReferenceDraws::SymmetricLike(const at::Tensor& images) {
  return Uniform(images.sizes())
      .mul_(2)
      .sub_(1)
      .to(images.options(), /*non_blocking=*/false, /*copy=*/false, images.suggest_memory_format());
}

at::Tensor ReferenceDraws::Signs(at::IntArrayRef shape) {
  return Uniform(shape).mul_(2).sub_(1).sign_();
}

int64_t ReferenceDraws::Below(int64_t bound) {
  // In single precision, as the reference multiplies; the sum with 0 and the cut are exact.
  return static_cast<int64_t>(static_cast<float>(bound) * Uniform({1}).item<float>());
}

}  // namespace archsweep
