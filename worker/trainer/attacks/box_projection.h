#pragma once

#include <ATen/ATen.h>

namespace archsweep {

// Onto a hyperplane inside the box [0, 1]^d, in the L-infinity norm (reference, section 1.4): for
// each row of `points` [n, d], which lie in the box, the smallest step to a z in the box with
// normal * z = offset; `normals` [n, d], `offsets` [n]. Where the hyperplane misses the box, the
// step to the corner that is nearest to it. Coordinates of normal 0 stay.
//
// Every coordinate moves the same way, or to its bound if that is nearer, so that the length of the
// step solves an equation that is piecewise linear.

// By sorting the distances to the bounds and bisecting, with the rounding of the reference.
at::Tensor ProjectBySorting(const at::Tensor& points, const at::Tensor& normals,
                            const at::Tensor& offsets);

// By Newton's method, which ends at the solution itself because the equation is concave: a few
// passes over the rows instead of a sort. Equal to the other up to rounding.
at::Tensor ProjectByNewton(const at::Tensor& points, const at::Tensor& normals,
                           const at::Tensor& offsets);

}  // namespace archsweep
