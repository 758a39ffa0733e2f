#include "sweep/language/check_points.h"

#include <algorithm>
#include <map>
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
      CheckArchitecture(spec.architecture, points);
    }
    if (spec.training != training_) {
      training_ = spec.training;
      Report("training", Problems(spec.training), {}, points);
    }
    if (!spec.IsImported()) CheckRanks(spec.training);
    if (HasBest(spec) != has_best_) {
      has_best_ = HasBest(spec);
      if (!*has_best_) RefuseBest(spec);
    }
    if (spec.dataset != dataset_) {
      dataset_ = spec.dataset;
      CheckEvaluations(spec.dataset);
    }
  }

 private:
  void CheckArchitecture(const ArchitectureSpec& spec, const Points& points) {
    // Whether there are stages is unknown then.
    if (IsInvalid("architecture.cells")) return;
    std::vector<std::string> missing;
    for (const std::string key : {"depth", "width"}) {
      const std::string path = "architecture." + key;
      const bool is_needed = spec.cells.genotype == nullptr && !IsInvalid("architecture");
      if (!is_needed || IsInvalid(path) || points.Given(path)) continue;
      missing.push_back(key);
      complaints_.Add(
          points.PositionOf("architecture"),
          Format("architecture has no '{}'; give it here or as the axis {}", key, path));
    }
    Report("architecture", Problems(spec), missing, points);
  }

  // A problem begins with the key of its field. About keys of `told` enough has been said.
  void Report(std::string_view group, const std::vector<std::string>& problems,
              const std::vector<std::string>& told, const Points& points) {
    if (IsInvalid(group)) return;
    for (const std::string& problem : problems) {
      const std::string key = problem.substr(0, problem.find(' '));
      if (std::ranges::find(told, key) != told.end()) continue;
      if (!NamesInvalidField(group, problem)) {
        complaints_.Add(points.PositionOf(Format("{}.{}", group, key)), problem);
      }
    }
  }

  // Told once, for the file asks for the same ranks at all its points.
  void CheckRanks(const TrainingSpec& training) {
    const auto problem = RanksProblem(training, file_.resources.ranks);
    if (!problem || ranks_told_) return;
    ranks_told_ = true;
    complaints_.Add(file_.resources_position, *problem);
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

  void CheckEvaluations(const DatasetRef& dataset) {
    const auto registered = DatasetByName(dataset.name);
    if (!registered) return;
    for (const EvaluationRequest& request : file_.evaluations) {
      if (request.images > registered->test_images) {
        complaints_.Add(request.PositionOf("images"),
                        Format("images is {}; data set {} has {} test images", request.images,
                               dataset.name, registered->test_images));
      }
      if (request.settings.targets >= registered->format.classes) {
        complaints_.Add(
            request.PositionOf("targets"),
            Format("targets is {}; data set {} has {} wrong classes", request.settings.targets,
                   dataset.name, registered->format.classes - 1));
      }
    }
  }

  void RefuseBest(const TrialSpec& spec) {
    if (IsInvalid("training") || IsInvalid("weights")) return;
    const std::string_view why =
        spec.IsImported() ? "weights that are there have no best checkpoint beside the last"
                          : "training selects no best checkpoint; add training.selection: test";
    for (const EvaluationRequest& request : file_.evaluations) {
      if (request.checkpoint != CheckpointRole::kBest) continue;
      complaints_.Add(request.PositionOf("checkpoint"), why);
    }
  }

  const SweepFile& file_;
  Complaints& complaints_;
  std::vector<std::string> invalid_paths_;
  bool ranks_told_ = false;
  std::optional<ArchitectureSpec> architecture_;  // Of the last point: most repeat the most of it.
  std::optional<TrainingSpec> training_;
  std::optional<DatasetRef> dataset_;
  std::optional<bool> has_best_;
};

// A setting that changes nothing would be believed to change something.
class IdleFields {
 public:
  explicit IdleFields(const SweepFile& file) {
    const auto is_invalid = [&](std::string_view path) {
      const auto given = file.given.find(path);
      return given != file.given.end() && !given->second.valid;
    };
    for (const char* path : {"architecture", "architecture.block", "architecture.cells"}) {
      if (is_invalid(path)) return;
    }
    for (const Field& field : Fields()) {
      const bool can_be_idle = field.path == "seed" || field.path.starts_with("architecture.") ||
                               (field.path.starts_with("training") && !is_invalid("training"));
      if (can_be_idle) fields_.emplace(&field, std::nullopt);
    }
  }

  void See(const TrialSpec& spec, const Points& points) {
    for (auto next = fields_.begin(); next != fields_.end();) {
      const auto found = next++;
      if (HasEffect(*found->first, spec)) {
        fields_.erase(found);
      } else if (const auto position = points.Given(found->first->path);
                 position && !found->second) {
        found->second = position;
      }
    }
  }

  void Complain(Complaints& complaints) const {
    for (const auto& [field, position] : fields_) {
      if (!position) continue;
      complaints.Add(*position,
                     Format("{} has no effect in any network of this sweep", field->path));
    }
  }

 private:
  std::map<const Field*, std::optional<Position>> fields_;  // With where they are given.
};

}  // namespace

void CheckPoints(const SweepFile& file, Complaints& complaints) {
  if (Points::Count(file) > kTrialsMax) {
    complaints.Add(file.points_position, Format("there are more than {} points", kTrialsMax));
    return;
  }
  Points points(file);
  PointChecker checker(file, complaints);
  IdleFields idle(file);
  do {
    const TrialSpec spec = points.Current();
    checker.Check(spec, points);
    idle.See(spec, points);
  } while (!complaints.Full() && points.Advance());
  idle.Complain(complaints);
}

}  // namespace archsweep
