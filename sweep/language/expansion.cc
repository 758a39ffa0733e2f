#include "sweep/language/expansion.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/canonical_json.h"
#include "base/check.h"
#include "base/text.h"
#include "sweep/language/check_points.h"
#include "sweep/language/include.h"
#include "sweep/language/points.h"
#include "sweep/language/sweep_file.h"
#include "sweep/network/cost.h"
#include "sweep/network/graph.h"

namespace archsweep {
namespace {

// Counts networks of stages, with the work done once for those that differ in depth alone.
class CostTable {
 public:
  Cost Of(const ArchitectureSpec& architecture, const ImageFormat& format) {
    if (architecture.cells.genotype != nullptr) {
      return CostOf(BuildGraph(architecture, format.size, format.classes));
    }
    ArchitectureSpec shallow = architecture;
    shallow.depth = 1;
    const std::string key =
        Format("{} {} {}", CanonicalText(ToJson(shallow)), format.size, format.classes);
    const auto [entry, is_new] = costs_.try_emplace(key);
    if (is_new) entry->second.emplace(shallow, format.size, format.classes);
    return entry->second->At(architecture.depth);
  }

 private:
  std::map<std::string, std::optional<CostByDepth>> costs_;
};

// Of one trial, each once.
std::vector<EvaluationSpec> EvaluationsOf(const TrialId& trial, const SweepFile& file,
                                          const RegisteredDataset& dataset) {
  std::vector<EvaluationSpec> evaluations;
  for (const EvaluationRequest& request : file.evaluations) {
    // All images are 0 however they are asked for, so that the evaluation has one identity.
    const int64_t images = request.images == dataset.test_images ? 0 : request.images;
    const EvaluationSpec spec = {.trial = trial,
                                 .attack = request.attack,
                                 .images = images,
                                 .settings = request.settings,
                                 .checkpoint = request.checkpoint};
    if (std::ranges::find(evaluations, spec) == evaluations.end()) evaluations.push_back(spec);
  }
  return evaluations;
}

void Expand(const SweepFile& file, ExpandedSweep& sweep) {
  CostTable costs;
  std::set<TrialId> seen;
  Points points(file);
  do {
    TrialSpec spec = points.Current();
    const auto dataset = DatasetByName(spec.dataset.name);
    CHECK(dataset.has_value());
    const Cost cost = costs.Of(spec.architecture, dataset->format);
    if (!Meets(file.where, spec, cost)) continue;
    const TrialId id = IdOf(spec);
    if (!seen.insert(id).second) continue;
    const std::vector<EvaluationSpec> evaluations = EvaluationsOf(id, file, *dataset);
    sweep.evaluations.insert(sweep.evaluations.end(), evaluations.begin(), evaluations.end());
    sweep.trials.push_back({.id = id,
                            .spec = std::move(spec),
                            .parameters = cost.parameters,
                            .macs = cost.macs,
                            .activations = cost.activations});
  } while (points.Advance());
}

}  // namespace

Result<ExpandedSweep> ExpandSweep(std::string_view file_name, std::string_view text) {
  Complaints complaints{std::string(file_name)};
  std::optional<YamlNode> root = ParseYaml(text, complaints);
  if (!root) return tl::unexpected(complaints.AsError());
  IncludePreset(*root, complaints);
  if (!complaints.Empty()) return tl::unexpected(complaints.AsError());
  const SweepFile file = ReadSweepFile(*root, complaints);
  CheckPoints(file, complaints);
  if (!complaints.Empty()) return tl::unexpected(complaints.AsError());
  ExpandedSweep sweep = {.name = file.name,
                         .text = std::string(text),
                         .trials = {},
                         .evaluations = {},
                         .resources = file.resources,
                         .queue = file.queue};
  Expand(file, sweep);
  if (!sweep.trials.empty()) return sweep;
  complaints.Add(file.where_position,
                 Format("where leaves none of the {} points", Points::Count(file)));
  return tl::unexpected(complaints.AsError());
}

}  // namespace archsweep
