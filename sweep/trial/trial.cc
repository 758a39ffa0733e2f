#include "sweep/trial/trial.h"

#include "base/canonical_json.h"
#include "base/sha256.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr const char* kImported = "imported";

Status ReadImported(const Json& json, TrialSpec& spec) {
  if (json.at("kind") != kImported) {
    return Fail(ErrorKind::kInvalidInput,
                Format("kind {} is not known to this version", json.at("kind").dump()));
  }
  spec.weights_sha256 = json.at("weights_sha256").get<std::string>();
  if (IsSha256Hex(*spec.weights_sha256)) return {};
  return Fail(ErrorKind::kInvalidInput, "weights_sha256 is not 64 hexadecimal digits");
}

Status ReadTrained(const Json& json, TrialSpec& spec) {
  json.at("seed").get_to(spec.seed);
  TRY_ASSIGN(spec.training, ParseTraining(json.at("training")));
  return {};
}

}  // namespace

bool HasBest(const TrialSpec& spec) { return !spec.IsImported() && HasBest(spec.training); }

Json ToJson(const TrialSpec& spec) {
  Json json = {
      {"dataset", ToJson(spec.dataset)},
      {"architecture", ToJson(spec.architecture)},
      {"numerics", {{"precision", spec.numerics.precision}, {"fusion", spec.numerics.fusion}}}};
  if (spec.IsImported()) {
    json["kind"] = kImported;
    json["weights_sha256"] = *spec.weights_sha256;
  } else {
    json["training"] = ToJson(spec.training);
    json["seed"] = spec.seed;
  }
  return json;
}

Result<TrialSpec> ParseTrial(const Json& json) {
  TrialSpec spec;
  try {
    spec.dataset = DatasetRefFrom(json.at("dataset"));
    json.at("numerics").at("precision").get_to(spec.numerics.precision);
    json.at("numerics").at("fusion").get_to(spec.numerics.fusion);
    TRY_ASSIGN(spec.architecture, ParseArchitecture(json.at("architecture")));
    TRY(json.contains("kind") ? ReadImported(json, spec) : ReadTrained(json, spec));
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
