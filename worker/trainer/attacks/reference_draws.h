#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace archsweep {

// The random numbers of the reference implementation: those of torch's generator for the processor
// (mt19937), which is seeded anew for every attack and batch. A generator of its own, so that
// nothing else draws from it. Results are on the processor, contiguous, in single precision.
class ReferenceDraws {
 public:
  explicit ReferenceDraws(uint64_t seed);

  // In [0, 1). Drawn one value after the other: two calls give what one for both would.
  at::Tensor Uniform(at::IntArrayRef shape);

  // 2 * uniform - 1, in [-1, 1), with the shape, device and layout of images.
  at::Tensor SymmetricLike(const at::Tensor& images);

  // -1 or 1, and once in 2^24 draws 0.
  at::Tensor Signs(at::IntArrayRef shape);

  // A whole number from 0 to bound - 1; 0 where bound is 0.
  int64_t Below(int64_t bound);

 private:
  at::Generator generator_;
};

}  // namespace archsweep
