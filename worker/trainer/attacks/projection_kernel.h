#pragma once

#include <cstdint>

namespace archsweep {

// The projection of box_projection.h for one row of `count` values, by Newton's method: writes the
// step from `point` to the hyperplane normal * z = offset.
void ProjectRow(const float* point, const float* normal, float offset, float* step, int64_t count);

}  // namespace archsweep
