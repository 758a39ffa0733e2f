#include "sweep/trial/trial.h"

#include "base/canonical_json.h"
#include "base/text.h"

namespace archsweep {

Json ToJson(const TrialSpec& spec) {
  return {{"dataset", ToJson(spec.dataset)},
          {"architecture", ToJson(spec.architecture)},
          {"training", ToJson(spec.training)},
          {"numerics", {{"precision", spec.numerics.precision}, {"fusion", spec.numerics.fusion}}},
          {"seed", spec.seed}};
}

Result<TrialSpec> ParseTrial(const Json& json) {
  TrialSpec spec;
  try {
    spec.dataset = DatasetRefFrom(json.at("dataset"));
    json.at("numerics").at("precision").get_to(spec.numerics.precision);
    json.at("numerics").at("fusion").get_to(spec.numerics.fusion);
    json.at("seed").get_to(spec.seed);
    TRY_ASSIGN(spec.architecture, ParseArchitecture(json.at("architecture")));
    TRY_ASSIGN(spec.training, ParseTraining(json.at("training")));
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, Format("trial configuration: {}", error.what()));
  }
  if (CanonicalText(ToJson(spec)) != CanonicalText(json)) {
    return Fail(ErrorKind::kInvalidInput,
                "trial configuration: has fields that this version does not know; use the version "
                "that wrote it");
  }
  return spec;
}

TrialId IdOf(const TrialSpec& spec) { return IdOfText<TrialId>(CanonicalText(ToJson(spec))); }

}  // namespace archsweep
