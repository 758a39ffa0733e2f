#pragma once

#include <cstdint>

namespace archsweep {

// Loops over values that lie channel by channel in memory, `count` of them. Constants of channels
// are given for a run of `period` values, over and over, and count is a multiple of it. Results may
// overwrite an argument of equal length, but not overlap one otherwise.

// result = max(x * scale + shift, lowest)
void ScaleShift(const float* x, const float* scale, const float* shift, float lowest, float* result,
                int64_t count, int64_t period);
void ScaleShift(const double* x, const double* scale, const double* shift, double lowest,
                double* result, int64_t count, int64_t period);

// result = gradient * scale where y > 0 (or is not a number), otherwise 0; plus `sum`, where there
// is one.
void MaskedScale(const float* gradient, const float* y, const float* scale, const float* sum,
                 float* result, int64_t count, int64_t period);
void MaskedScale(const double* gradient, const double* y, const double* scale, const double* sum,
                 double* result, int64_t count, int64_t period);

}  // namespace archsweep
