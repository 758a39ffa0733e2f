#include "sweep/language/points.h"

#include <algorithm>
#include <numeric>

namespace archsweep {
namespace {

// The form of arithmetic that the workers of these resources use.
Numerics NumericsOf(const Resources& resources) {
  if (resources.gpus == 0) return {.precision = "fp32", .fusion = "none"};
  return {.precision = "bf16", .fusion = "folded"};
}

}  // namespace

int64_t Points::Count(const SweepFile& file) {
  int64_t points = 1;
  for (const Axis& axis : file.axes) {
    if (axis.Size() > kTrialsMax) return kTrialsMax + 1;
    points = std::min(points * axis.Size(), kTrialsMax + 1);
  }
  return points;
}

Points::Points(const SweepFile& file)
    : file_(file), index_(file.axes.size(), 0), order_(file.axes.size()) {
  // An axis over a whole part, such as "architecture", comes before one over a field of it.
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::ranges::sort(order_, {}, [&](size_t i) { return file.axes[i].field->path; });
}

TrialSpec Points::Current() const {
  TrialSpec spec = file_.base;
  for (const size_t i : order_) file_.axes[i].Apply(index_[i], spec);
  spec.numerics = NumericsOf(file_.resources);
  return spec;
}

bool Points::Advance() {
  for (size_t i = index_.size(); i-- > 0;) {
    if (++index_[i] < file_.axes[i].Size()) return true;
    index_[i] = 0;
  }
  return false;
}

Position Points::PositionOf(std::string_view path) const {
  for (auto i = order_.rbegin(); i != order_.rend(); ++i) {
    const Axis& axis = file_.axes[*i];
    if (axis.per_stage) {
      if (axis.field->path == path) return axis.position;
      continue;
    }
    const AxisValue& value = axis.values[static_cast<size_t>(index_[*i])];
    if (const auto given = value.given.find(path); given != value.given.end()) {
      return given->second.position;
    }
  }
  const auto given = file_.given.find(path);
  if (given != file_.given.end()) return given->second.position;
  const size_t dot = path.find('.');
  return dot == std::string_view::npos ? file_.base_position : PositionOf(path.substr(0, dot));
}

}  // namespace archsweep
