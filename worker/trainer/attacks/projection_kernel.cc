#include "worker/trainer/attacks/projection_kernel.h"

#include <algorithm>
#include <cmath>

#include "worker/trainer/channelwise/vector_kernel.h"

namespace archsweep {
namespace {

// Sums that are kept apart, so that they can grow at once.
constexpr int64_t kLanes = 64;

// Two sums over the row of what `terms` gives for an index.
struct Sums {
  float first = 0;
  float second = 0;
};
template <class Terms>
ARCHSWEEP_INLINE Sums SumUp(int64_t count, const Terms& terms) {
  float first[kLanes] = {};
  float second[kLanes] = {};
  const int64_t whole = count / kLanes * kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
#pragma GCC ivdep
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const Sums term = terms(i + lane);
      first[lane] += term.first;
      second[lane] += term.second;
    }
  }
  for (int64_t i = whole; i < count; ++i) {
    const Sums term = terms(i);
    first[i - whole] += term.first;
    second[i - whole] += term.second;
  }
  Sums sums;
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    sums.first += first[lane];
    sums.second += second[lane];
  }
  return sums;
}

ARCHSWEEP_INLINE float RoomAt(float point, float oriented) {
  return oriented < 0 ? 1 - point : point;
}

ARCHSWEEP_INLINE void ProjectRowOf(const float* point, const float* normal, float offset,
                                   float* step, int64_t count) {
  const Sums start = SumUp(
      count, [&](int64_t i) __attribute__((always_inline)) {
        return Sums{normal[i] * point[i], std::fabs(normal[i])};
      });
  const float excess = start.first - offset;
  // The step goes against the oriented normal.
  const float sign = excess >= 0 ? 1 : -1;
  const float needed = std::fabs(excess);
  float length = needed / start.second;
  // Each round passes at least one bound that the last one had not seen.
  for (int64_t round = 0; round < count; ++round) {
    const Sums sums = SumUp(
        count, [&](int64_t i) __attribute__((always_inline)) {
          const float weight = std::fabs(normal[i]);
          const float room = RoomAt(point[i], sign * normal[i]);
          const float free_weight = room > length ? weight : 0;
          return Sums{free_weight, (weight - free_weight) * room};
        });
    const float longer = (needed - sums.second) / sums.first;
    if (!(longer > length)) break;
    length = longer;
  }
#pragma GCC ivdep
  for (int64_t i = 0; i < count; ++i) {
    const float oriented = sign * normal[i];
    const float room = RoomAt(point[i], oriented);
    const float far = room < length ? room : length;
    const float signed_step = oriented < 0 ? far : -far;
    step[i] = oriented == 0 ? 0 : signed_step;
  }
}

}  // namespace

ARCHSWEEP_VECTOR_KERNEL void ProjectRow(const float* point, const float* normal, float offset,
                                        float* step, int64_t count) {
  ProjectRowOf(point, normal, offset, step, count);
}

}  // namespace archsweep
