#include "sweep/language/points.h"

#include <algorithm>

#include "sweep/trial/recipe.h"

namespace archsweep {
int64_t Points::Count(const SweepFile& file) {
  int64_t points = 1;
  for (const Dimension& dimension : file.dimensions) {
    if (dimension.Size() > kTrialsMax) return kTrialsMax + 1;
    points = std::min(points * dimension.Size(), kTrialsMax + 1);
  }
  return points;
}

Points::Points(const SweepFile& file) : file_(file), index_(file.dimensions.size(), 0) {
  for (size_t i = 0; i < file.dimensions.size(); ++i) {
    for (const Axis& axis : file.dimensions[i].axes) {
      for (const Field* field : axis.Fields()) setters_.push_back({field, &axis, i});
    }
  }
  std::ranges::stable_sort(setters_, {}, [](const Setter& setter) { return setter.field->path; });
}

TrialSpec Points::Current() const {
  TrialSpec spec = file_.base;
  for (const auto& [field, axis, dimension] : setters_) {
    if (axis->Sets(*field, index_[dimension])) axis->Apply(*field, index_[dimension], spec);
  }
  const TrainingSpec augmented = AugmentedFor(spec.dataset.name, spec.training);
  if (augmented != spec.training) {
    for (const std::string& key : KeysSetByDataset()) {
      if (Given("training." + key)) continue;
      std::visit([&](auto member) { spec.training.*member = augmented.*member; },
                 FindTrainingSetting(key)->member);
    }
  }
  if (spec.IsImported()) {
    spec.training = {};
    spec.seed = 0;
  }
  if (spec.numerics.fusion.empty()) spec.numerics = FastNumerics(file_.resources.gpus > 0);
  return spec;
}

bool Points::Advance() {
  for (size_t i = index_.size(); i-- > 0;) {
    if (++index_[i] < file_.dimensions[i].Size()) return true;
    index_[i] = 0;
  }
  return false;
}

std::optional<Position> Points::Given(std::string_view path) const {
  for (auto setter = setters_.rbegin(); setter != setters_.rend(); ++setter) {
    const Axis& axis = *setter->axis;
    if (axis.per_stage != nullptr) {
      if (axis.per_stage->path == path) return axis.position;
      continue;
    }
    const GivenFields& given = axis.At(index_[setter->dimension]).given;
    if (const auto found = given.find(path); found != given.end()) return found->second.position;
  }
  // A whole part that an axis sets has nothing of the base.
  const std::string_view part = path.substr(0, path.find('.'));
  const bool is_replaced = std::ranges::any_of(setters_, [&](const Setter& setter) {
    return setter.field->path == part && setter.axis->Sets(*setter.field, index_[setter.dimension]);
  });
  const auto given = file_.given.find(path);
  if (is_replaced || given == file_.given.end()) return std::nullopt;
  return given->second.position;
}

Position Points::PositionOf(std::string_view path) const {
  if (const auto position = Given(path)) return *position;
  const size_t dot = path.find('.');
  return dot == std::string_view::npos ? file_.base_position : PositionOf(path.substr(0, dot));
}

}  // namespace archsweep
