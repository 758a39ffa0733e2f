#include "worker/trainer/attacks/autoattack_state.h"

#include <algorithm>
#include <limits>

namespace archsweep {
namespace {

// Raised where the state changes its meaning.
constexpr int kVersion = 1;

Json ToJson(const PassCounts& counts) {
  return {{"forward_only", counts.forward_only}, {"with_gradient", counts.with_gradient}};
}

PassCounts ParseCounts(const Json& json) {
  return {.forward_only = json.at("forward_only").get<int64_t>(),
          .with_gradient = json.at("with_gradient").get<int64_t>()};
}

Json ToJson(const StageReport& report) {
  return {{"attacked", report.attacked},
          {"standing", report.standing},
          {"done", ToJson(report.passes.done)},
          {"reference", ToJson(report.passes.reference)},
          {"without_gradient", report.without_gradient}};
}

StageReport ParseReport(const Json& json) {
  return {.attacked = json.at("attacked").get<int64_t>(),
          .standing = json.at("standing").get<int64_t>(),
          .passes = {.done = ParseCounts(json.at("done")),
                     .reference = ParseCounts(json.at("reference"))},
          .without_gradient = json.at("without_gradient").get<int64_t>()};
}

// JSON has no number for a margin of a network whose logits are not finite.
double ParseMargin(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

AutoAttackState ParseFields(const Json& json) {
  AutoAttackState state;
  state.stage = json.at("stage").get<int>();
  state.batches_done = json.at("batches_done").get<int64_t>();
  state.broken_by = json.at("broken_by").get<std::vector<int>>();
  for (const Json& margin : json.at("margins")) state.margins.push_back(ParseMargin(margin));
  state.doubtful = json.at("doubtful").get<std::vector<int64_t>>();
  for (const Json& report : json.at("stages")) state.stages.push_back(ParseReport(report));
  state.looks_random = json.at("looks_random").get<bool>();
  state.looks_like_probabilities = json.at("looks_like_probabilities").get<bool>();
  return state;
}

bool IsPossible(const AutoAttackState& state, const AutoAttackSettings& settings, int64_t images) {
  const auto stages = static_cast<int>(settings.parts.size()) + 1;
  if (state.Images() != images || state.margins.size() != state.broken_by.size()) return false;
  if (state.stage < 0 || state.stage > stages) return false;
  if (static_cast<int>(state.stages.size()) > stages) return false;
  if (state.stage < stages && static_cast<int>(state.stages.size()) != state.stage + 1) {
    return false;
  }
  const int64_t batches = (images + settings.batch - 1) / settings.batch;
  if (state.batches_done < 0 || state.batches_done > batches) return false;
  return std::ranges::all_of(
             state.broken_by,
             [&](int stage) { return stage >= AutoAttackState::kStanding && stage < stages; }) &&
         std::ranges::all_of(state.doubtful,
                             [&](int64_t image) { return image >= 0 && image < images; });
}

}  // namespace

int64_t AutoAttackState::Standing() const {
  return std::ranges::count(broken_by, AutoAttackState::kStanding);
}

AutoAttackState NewAutoAttack(int64_t images) {
  AutoAttackState state;
  state.broken_by.assign(static_cast<size_t>(images), AutoAttackState::kStanding);
  state.margins.assign(static_cast<size_t>(images), std::numeric_limits<double>::max());
  state.stages = {{.attacked = images, .standing = images}};
  return state;
}

std::vector<int64_t> AttackedImages(const AutoAttackState& state) {
  std::vector<int64_t> images;
  for (int64_t i = 0; i < state.Images(); ++i) {
    const int broken_by = state.broken_by[static_cast<size_t>(i)];
    if (broken_by == AutoAttackState::kStanding || broken_by == state.stage) images.push_back(i);
  }
  return images;
}

Json ToJson(const AutoAttackState& state) {
  Json stages = Json::array();
  for (const StageReport& report : state.stages) stages.push_back(ToJson(report));
  return {{"version", kVersion},
          {"stage", state.stage},
          {"batches_done", state.batches_done},
          {"broken_by", state.broken_by},
          {"margins", state.margins},
          {"doubtful", state.doubtful},
          {"stages", std::move(stages)},
          {"looks_random", state.looks_random},
          {"looks_like_probabilities", state.looks_like_probabilities}};
}

Result<AutoAttackState> ParseAutoAttackState(const Json& json, const AutoAttackSettings& settings,
                                             int64_t images) {
  AutoAttackState state;
  try {
    if (json.at("version").get<int>() != kVersion) {
      return Fail(ErrorKind::kCorrupt, "the state of the attacks is of another version");
    }
    state = ParseFields(json);
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kCorrupt,
                std::string("the state of the attacks is damaged: ") + error.what());
  }
  if (!IsPossible(state, settings, images)) {
    return Fail(ErrorKind::kCorrupt, "the state of the attacks belongs to another evaluation");
  }
  return state;
}

}  // namespace archsweep
