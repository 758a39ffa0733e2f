#include "worker/trainer/channelwise/channel_kernels.h"

#include "worker/trainer/channelwise/vector_kernel.h"

namespace archsweep {
namespace {

template <class Real>
ARCHSWEEP_INLINE void ScaleShiftOf(const Real* x, const Real* scale, const Real* shift, Real lowest,
                                   Real* result, int64_t count, int64_t period) {
  for (int64_t first = 0; first < count; first += period) {
#pragma GCC ivdep
    for (int64_t i = 0; i < period; ++i) {
      const Real value = x[first + i] * scale[i] + shift[i];
      // What is not a number stays so.
      result[first + i] = value < lowest ? lowest : value;
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

ARCHSWEEP_VECTOR_KERNEL void ScaleShift(const float* x, const float* scale, const float* shift,
                                        float lowest, float* result, int64_t count,
                                        int64_t period) {
  ScaleShiftOf(x, scale, shift, lowest, result, count, period);
}

ARCHSWEEP_VECTOR_KERNEL void ScaleShift(const double* x, const double* scale, const double* shift,
                                        double lowest, double* result, int64_t count,
                                        int64_t period) {
  ScaleShiftOf(x, scale, shift, lowest, result, count, period);
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
