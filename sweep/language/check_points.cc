#include "sweep/language/check_points.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "sweep/language/points.h"

namespace archsweep {
namespace {

// Complains about points whose values do not fit together.
class PointChecker {
 public:
  PointChecker(const SweepFile& file, Complaints& complaints)
      : file_(file), complaints_(complaints) {
    for (const auto& [path, field] : file.given) {
      if (!field.valid) invalid_paths_.push_back(path);
    }
  }

  void Check(const TrialSpec& spec, const Points& points) {
    if (spec.architecture != architecture_) {
      architecture_ = spec.architecture;
      Report("architecture", Problems(spec.architecture), points);
    }
    if (spec.training != training_) {
      training_ = spec.training;
      Report("training", Problems(spec.training), points);
    }
    if (spec.dataset != dataset_) {
      dataset_ = spec.dataset;
      CheckImages(spec.dataset);
    }
  }

 private:
  // A problem begins with the key of its field.
  void Report(std::string_view group, const std::vector<std::string>& problems,
              const Points& points) {
    if (IsInvalid(group)) return;
    for (const std::string& problem : problems) {
      const std::string key = problem.substr(0, problem.find(' '));
      if (!NamesInvalidField(group, problem)) {
        complaints_.Add(points.PositionOf(Format("{}.{}", group, key)), problem);
      }
    }
  }

  bool IsInvalid(std::string_view path) const {
    return std::ranges::find(invalid_paths_, path) != invalid_paths_.end();
  }

  // About a field that could not be read enough has been said.
  bool NamesInvalidField(std::string_view group, std::string_view problem) const {
    const std::vector<std::string> words = Split(problem, ' ');
    return std::ranges::any_of(
        words, [&](const std::string& word) { return IsInvalid(Format("{}.{}", group, word)); });
  }

  void CheckImages(const DatasetRef& dataset) {
    const auto registered = DatasetByName(dataset.name);
    if (!registered) return;
    for (const EvaluationRequest& request : file_.evaluations) {
      if (request.images <= registered->test_images) continue;
      complaints_.Add(request.position,
                      Format("images is {}; data set {} has {} test images", request.images,
                             dataset.name, registered->test_images));
    }
  }

  const SweepFile& file_;
  Complaints& complaints_;
  std::vector<std::string> invalid_paths_;
  std::optional<ArchitectureSpec> architecture_;  // Of the last point: most repeat the most of it.
  std::optional<TrainingSpec> training_;
  std::optional<DatasetRef> dataset_;
};

}  // namespace

void CheckPoints(const SweepFile& file, Complaints& complaints) {
  if (Points::Count(file) > kTrialsMax) {
    complaints.Add(file.grid_position, Format("the grid has more than {} points", kTrialsMax));
    return;
  }
  Points points(file);
  PointChecker checker(file, complaints);
  do {
    checker.Check(points.Current(), points);
  } while (!complaints.Full() && points.Advance());
}

}  // namespace archsweep
