#include "worker/trainer/attacks/box_projection.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "worker/trainer/attacks/projection_kernel.h"

namespace archsweep {
namespace {

// Rows whose normal points away from the hyperplane, so that every step goes against it.
struct Oriented {
  at::Tensor normals, offsets;
};

Oriented Orient(const at::Tensor& points, const at::Tensor& normals, const at::Tensor& offsets) {
  const at::Tensor beyond = (normals * points).sum(1) - offsets >= 0;
  const at::Tensor sign = beyond.to(normals.scalar_type()).mul_(2).sub_(1);
  return {.normals = normals * sign.unsqueeze(1), .offsets = offsets * sign};
}

// For each row the last column of `descending` distances, or so nearly, that the step is not longer
// than; `sums` and `slopes` give what the coordinates contribute if the step is as long as the
// distance of a column: sums - slopes * distance.
at::Tensor Bisect(const at::Tensor& needed, const at::Tensor& sums, const at::Tensor& slopes,
                  const at::Tensor& descending) {
  const int64_t columns = sums.size(1);
  at::Tensor low = at::zeros({sums.size(0)}, needed.options().dtype(at::kLong));
  at::Tensor high = at::full_like(low, columns - 1);
  const int rounds = static_cast<int>(std::ceil(std::log2(static_cast<double>(columns))));
  for (int i = 0; i < rounds; ++i) {
    const at::Tensor middle = (low + high).div_(2, "floor");
    const at::Tensor at_middle = middle.unsqueeze(1);
    const at::Tensor reached =
        (sums.gather(1, at_middle) - slopes.gather(1, at_middle) * descending.gather(1, at_middle))
            .squeeze(1);
    const at::Tensor beyond = needed - reached > 0;
    low = at::where(beyond, middle, low);
    high = at::where(beyond, high, middle);
  }
  return low;
}

// Newton's method on all rows at once, for any device and type.
at::Tensor ProjectRowsByNewton(const at::Tensor& points, const at::Tensor& normals,
                               const at::Tensor& offsets) {
  const auto [w, b] = Orient(points, normals, offsets);
  const at::Tensor weights = w.abs();
  const at::Tensor is_negative = w < 0;
  const at::Tensor distances = at::where(is_negative, 1 - points, points);
  const at::Tensor needed = (w * points).sum(1) - b;
  at::Tensor length = needed / weights.sum(1);
  // Each round passes at least one bound that the last one had not seen.
  const int64_t rounds_max = w.size(1);
  for (int64_t round = 0; round < rounds_max; ++round) {
    const at::Tensor free_weights = weights * (distances > length.unsqueeze(1));
    const at::Tensor at_bounds = ((weights - free_weights) * distances).sum(1);
    const at::Tensor longer = (needed - at_bounds) / free_weights.sum(1);
    // NaN and infinity, where no coordinate is free or none has a weight, end it too.
    const at::Tensor grows = longer > length;
    if (!grows.any().item<bool>()) break;
    length = at::where(grows, longer, length);
  }
  const at::Tensor step = at::minimum(distances, length.unsqueeze(1));
  return at::where(weights != 0, at::where(is_negative, step, -step), 0);
}

}  // namespace

at::Tensor ProjectBySorting(const at::Tensor& points, const at::Tensor& normals,
                            const at::Tensor& offsets) {
  const auto [w, b] = Orient(points, normals, offsets);
  const at::Tensor is_negative = (w < 0).to(w.scalar_type());
  const at::Tensor is_used = (w != 0).to(w.scalar_type());
  // Against the normal: up to 1 where it is negative, down to 0 elsewhere.
  const at::Tensor to_bound = (is_negative - points) * is_used;
  const at::Tensor distances = is_negative - points * (2 * is_negative - 1);
  const at::Tensor order = std::get<1>(distances.sort(1)).flip({1});
  const at::Tensor descending = distances.gather(1, order);

  const at::Tensor needed = b - (w * points).sum(1);
  const at::Tensor of_corner = (w * to_bound).sum(1);
  const at::Tensor sorted_normals = w.gather(1, order);
  const at::Tensor slopes = sorted_normals.abs().cumsum(1);
  const at::Tensor sums =
      (-sorted_normals * to_bound.gather(1, order)).cumsum(1) + of_corner.unsqueeze(1);

  // No bound is reached; some are; all are and it does not suffice.
  const int64_t last = w.size(1) - 1;
  const at::Tensor at_nearest =
      sums.select(1, last) - slopes.select(1, last) * descending.select(1, last);
  const at::Tensor is_free = needed - at_nearest > 0;
  const at::Tensor is_bound = (needed - of_corner > 0).logical_and_(is_free.logical_not());
  const auto length = [&](const at::Tensor& column) {
    const at::Tensor sum = sums.gather(1, column.unsqueeze(1)).squeeze(1);
    const at::Tensor slope = slopes.gather(1, column.unsqueeze(1)).squeeze(1);
    return ((needed - sum) / -slope).clamp_min_(0).unsqueeze(1);
  };
  const at::Tensor bound_length = length(Bisect(needed, sums, slopes, descending));
  const at::Tensor bound_step = at::minimum(bound_length, to_bound) * is_negative +
                                at::maximum(-bound_length, to_bound) * (1 - is_negative);
  const at::Tensor free_length = length(at::full({w.size(0)}, last, w.options().dtype(at::kLong)));
  at::Tensor step = at::where(is_bound.unsqueeze(1), bound_step, to_bound);
  step = at::where(is_free.unsqueeze(1), (2 * is_negative - 1) * free_length, step);
  return step * is_used;
}

at::Tensor ProjectByNewton(const at::Tensor& points, const at::Tensor& normals,
                           const at::Tensor& offsets) {
  if (!points.is_cpu() || points.scalar_type() != at::kFloat) {
    return ProjectRowsByNewton(points, normals, offsets);
  }
  const at::Tensor all_points = points.contiguous();
  const at::Tensor all_normals = normals.contiguous();
  const at::Tensor all_offsets = offsets.contiguous();
  at::Tensor steps = at::empty_like(all_points);
  const int64_t columns = points.size(1);
  float* const step = steps.mutable_data_ptr<float>();
  at::parallel_for(0, points.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      ProjectRow(all_points.const_data_ptr<float>() + row * columns,
                 all_normals.const_data_ptr<float>() + row * columns,
                 all_offsets.const_data_ptr<float>()[row], step + row * columns, columns);
    }
  });
  return steps;
}

}  // namespace archsweep
