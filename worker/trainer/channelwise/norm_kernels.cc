#include "worker/trainer/channelwise/norm_kernels.h"

#include <algorithm>

#include "worker/trainer/channelwise/vector_kernel.h"

namespace archsweep {
namespace {

constexpr int64_t kLanes = 64;  // Channels that are summed at a time, in registers.

// Calls body(first, lanes) for runs of channels; `lanes` is a constant but for the last one.
template <class Body>
ARCHSWEEP_INLINE void ForLanes(int64_t channels, const Body& body) {
  int64_t first = 0;
  for (; first + kLanes <= channels; first += kLanes) body(first, kLanes);
  if (first < channels) body(first, channels - first);
}

template <class Real>
ARCHSWEEP_INLINE void ColumnMomentsOf(const Real* x, int64_t rows, int64_t channels, Real* mean,
                                      Real* squares) {
  ForLanes(
      channels, [&](int64_t first, int64_t lanes) __attribute__((always_inline)) {
        Real sums[kLanes] = {};
        for (int64_t row = 0; row < rows; ++row) {
          const Real* const values = x + row * channels + first;
          for (int64_t i = 0; i < lanes; ++i) sums[i] += values[i];
        }
        Real means[kLanes] = {};
        for (int64_t i = 0; i < lanes; ++i) means[i] = sums[i] / static_cast<Real>(rows);
        Real differences[kLanes] = {};
        for (int64_t row = 0; row < rows; ++row) {
          const Real* const values = x + row * channels + first;
          for (int64_t i = 0; i < lanes; ++i) {
            differences[i] += (values[i] - means[i]) * (values[i] - means[i]);
          }
        }
        std::copy_n(means, lanes, mean + first);
        std::copy_n(differences, lanes, squares + first);
      });
}

template <class Real>
ARCHSWEEP_INLINE void ColumnGradientSumsOf(const Real* gradient, const Real* x,
                                           const NormColumns<Real>& columns, int64_t rows,
                                           int64_t channels, Real* sums, Real* products) {
  ForLanes(
      channels, [&](int64_t first, int64_t lanes) __attribute__((always_inline)) {
        const Real* const scale = columns.scale + first;
        const Real* const shift = columns.shift + first;
        const Real* const mean = columns.mean + first;
        const Real lowest = columns.lowest;
        Real lane_sums[kLanes] = {};
        Real lane_products[kLanes] = {};
        for (int64_t row = 0; row < rows; ++row) {
          const Real* const values = x + row * channels + first;
          const Real* const gradients = gradient + row * channels + first;
          for (int64_t i = 0; i < lanes; ++i) {
            const Real g = values[i] * scale[i] + shift[i] <= lowest ? 0 : gradients[i];
            lane_sums[i] += g;
            lane_products[i] += g * (values[i] - mean[i]);
          }
        }
        std::copy_n(lane_sums, lanes, sums + first);
        std::copy_n(lane_products, lanes, products + first);
      });
}

template <class Real>
ARCHSWEEP_INLINE void ColumnGradientsOf(const Real* gradient, const Real* x,
                                        const NormColumns<Real>& columns, const Real* slope,
                                        const Real* offset, int64_t rows, int64_t channels,
                                        Real* result) {
  const auto [scale, shift, mean, lowest] = columns;
  for (int64_t row = 0; row < rows; ++row) {
    const Real* const values = x + row * channels;
    const Real* const gradients = gradient + row * channels;
    Real* const results = result + row * channels;
#pragma GCC ivdep
    for (int64_t i = 0; i < channels; ++i) {
      const Real g = values[i] * scale[i] + shift[i] <= lowest ? 0 : gradients[i];
      results[i] = g * scale[i] + (values[i] - mean[i]) * slope[i] + offset[i];
    }
  }
}

}  // namespace

ARCHSWEEP_VECTOR_KERNEL void ColumnMoments(const float* x, int64_t rows, int64_t channels,
                                           float* mean, float* squares) {
  ColumnMomentsOf(x, rows, channels, mean, squares);
}

ARCHSWEEP_VECTOR_KERNEL void ColumnMoments(const double* x, int64_t rows, int64_t channels,
                                           double* mean, double* squares) {
  ColumnMomentsOf(x, rows, channels, mean, squares);
}

ARCHSWEEP_VECTOR_KERNEL void ColumnGradientSums(const float* gradient, const float* x,
                                                const NormColumns<float>& columns, int64_t rows,
                                                int64_t channels, float* sums, float* products) {
  ColumnGradientSumsOf(gradient, x, columns, rows, channels, sums, products);
}

ARCHSWEEP_VECTOR_KERNEL void ColumnGradientSums(const double* gradient, const double* x,
                                                const NormColumns<double>& columns, int64_t rows,
                                                int64_t channels, double* sums, double* products) {
  ColumnGradientSumsOf(gradient, x, columns, rows, channels, sums, products);
}

ARCHSWEEP_VECTOR_KERNEL void ColumnGradients(const float* gradient, const float* x,
                                             const NormColumns<float>& columns, const float* slope,
                                             const float* offset, int64_t rows, int64_t channels,
                                             float* result) {
  ColumnGradientsOf(gradient, x, columns, slope, offset, rows, channels, result);
}

ARCHSWEEP_VECTOR_KERNEL void ColumnGradients(const double* gradient, const double* x,
                                             const NormColumns<double>& columns,
                                             const double* slope, const double* offset,
                                             int64_t rows, int64_t channels, double* result) {
  ColumnGradientsOf(gradient, x, columns, slope, offset, rows, channels, result);
}

}  // namespace archsweep
