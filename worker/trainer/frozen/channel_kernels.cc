#include "worker/trainer/frozen/channel_kernels.h"

// Each kernel is compiled for several instruction sets, of which the one of the processor at hand
// is chosen when the program is loaded.
#define ARCHSWEEP_VECTOR_KERNEL __attribute__((target_clones("avx512f", "avx2", "default")))
#define ARCHSWEEP_INLINE inline __attribute__((always_inline))

namespace archsweep {
namespace {

template <class Real>
ARCHSWEEP_INLINE void ScaleShiftReluOf(const Real* x, const Real* scale, const Real* shift,
                                       Real* result, int64_t count, int64_t period) {
  for (int64_t first = 0; first < count; first += period) {
#pragma GCC ivdep
    for (int64_t i = 0; i < period; ++i) {
      const Real value = x[first + i] * scale[i] + shift[i];
      // What is not a number stays so.
      result[first + i] = value < 0 ? 0 : value;
    }
  }
}

template <class Real>
ARCHSWEEP_INLINE void MaskedScaleOf(const Real* gradient, const Real* y, const Real* scale,
                                    const Real* sum, Real* result, int64_t count, int64_t period) {
  if (sum == nullptr) {
    for (int64_t first = 0; first < count; first += period) {
#pragma GCC ivdep
      for (int64_t i = 0; i < period; ++i) {
        const Real scaled = gradient[first + i] * scale[i];
        result[first + i] = y[first + i] <= 0 ? 0 : scaled;
      }
    }
    return;
  }
  for (int64_t first = 0; first < count; first += period) {
#pragma GCC ivdep
    for (int64_t i = 0; i < period; ++i) {
      const Real scaled = gradient[first + i] * scale[i];
      result[first + i] = sum[first + i] + (y[first + i] <= 0 ? 0 : scaled);
    }
  }
}

}  // namespace

ARCHSWEEP_VECTOR_KERNEL void ScaleShiftRelu(const float* x, const float* scale, const float* shift,
                                            float* result, int64_t count, int64_t period) {
  ScaleShiftReluOf(x, scale, shift, result, count, period);
}

ARCHSWEEP_VECTOR_KERNEL void ScaleShiftRelu(const double* x, const double* scale,
                                            const double* shift, double* result, int64_t count,
                                            int64_t period) {
  ScaleShiftReluOf(x, scale, shift, result, count, period);
}

ARCHSWEEP_VECTOR_KERNEL void MaskedScale(const float* gradient, const float* y, const float* scale,
                                         const float* sum, float* result, int64_t count,
                                         int64_t period) {
  MaskedScaleOf(gradient, y, scale, sum, result, count, period);
}

ARCHSWEEP_VECTOR_KERNEL void MaskedScale(const double* gradient, const double* y,
                                         const double* scale, const double* sum, double* result,
                                         int64_t count, int64_t period) {
  MaskedScaleOf(gradient, y, scale, sum, result, count, period);
}

}  // namespace archsweep
