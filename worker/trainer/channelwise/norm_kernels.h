#pragma once

#include <cstdint>

namespace archsweep {

// Loops of batch norms over a block of values [rows, channels] in memory. Sums are those of the
// block alone, in the type of the values: blocks are small, and who calls adds them up in double
// precision.

// The mean of every channel, and the sum of the squares of what its values differ from it.
void ColumnMoments(const float* x, int64_t rows, int64_t channels, float* mean, float* squares);
void ColumnMoments(const double* x, int64_t rows, int64_t channels, double* mean, double* squares);

// Constants of channels.
template <class Real>
struct NormColumns {
  const Real* scale;  // y = x * scale + shift
  const Real* shift;
  const Real* mean;
  // The gradient passes only where y is more: 0 with a ReLU behind the norm, otherwise -infinity.
  Real lowest;
};

// Sums of the gradient g of y, and of g * (x - mean), over each channel.
void ColumnGradientSums(const float* gradient, const float* x, const NormColumns<float>& columns,
                        int64_t rows, int64_t channels, float* sums, float* products);
void ColumnGradientSums(const double* gradient, const double* x, const NormColumns<double>& columns,
                        int64_t rows, int64_t channels, double* sums, double* products);

// result = g * scale + (x - mean) * slope + offset. The result may overwrite the gradient.
void ColumnGradients(const float* gradient, const float* x, const NormColumns<float>& columns,
                     const float* slope, const float* offset, int64_t rows, int64_t channels,
                     float* result);
void ColumnGradients(const double* gradient, const double* x, const NormColumns<double>& columns,
                     const double* slope, const double* offset, int64_t rows, int64_t channels,
                     double* result);

}  // namespace archsweep
