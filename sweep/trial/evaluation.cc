#include "sweep/trial/evaluation.h"

#include <array>
#include <string>
#include <vector>

#include "base/canonical_json.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr std::array kAttacks = {AttackKind::kClean, AttackKind::kFgsm, AttackKind::kPgd20};

}  // namespace

std::string_view NameOf(AttackKind kind) {
  switch (kind) {
    case AttackKind::kClean:
      return "clean";
    case AttackKind::kFgsm:
      return "fgsm";
    case AttackKind::kPgd20:
      return "pgd20";
  }
  return "";
}

Result<AttackKind> AttackByName(std::string_view name) {
  std::vector<std::string> names;
  for (const AttackKind kind : kAttacks) {
    if (NameOf(kind) == name) return kind;
    names.emplace_back(NameOf(kind));
  }
  return Fail(ErrorKind::kInvalidInput, Format("unknown attack '{}'{}; known are: {}", name,
                                               Suggestion(name, names), Join(names, ", ")));
}

AttackSettings SettingsOf(AttackKind kind) {
  switch (kind) {
    case AttackKind::kClean:
      return {};
    case AttackKind::kFgsm:
      return {.epsilon_255 = 8, .step_255 = 8, .steps = 1, .random_start = false};
    case AttackKind::kPgd20:
      return {.epsilon_255 = 8, .step_255 = 0.8, .steps = 20, .random_start = true};
  }
  return {};
}

Json ToJson(const EvaluationSpec& spec) {
  const AttackSettings attack = SettingsOf(spec.attack);
  return {{"trial", ToHex(spec.trial)},
          {"checkpoint", "last"},
          {"attack",
           {{"name", NameOf(spec.attack)},
            {"epsilon_255", attack.epsilon_255},
            {"step_255", attack.step_255},
            {"steps", attack.steps},
            {"random_start", attack.random_start}}},
          {"images", spec.images}};
}

Result<EvaluationSpec> ParseEvaluation(const Json& json) {
  EvaluationSpec spec;
  try {
    TRY_ASSIGN(spec.trial, ParseId<TrialId>(json.at("trial").get<std::string>()));
    TRY_ASSIGN(spec.attack, AttackByName(json.at("attack").at("name").get<std::string>()));
    json.at("images").get_to(spec.images);
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, Format("evaluation configuration: {}", error.what()));
  }
  if (CanonicalText(ToJson(spec)) != CanonicalText(json)) {
    return Fail(ErrorKind::kInvalidInput,
                "evaluation configuration: has fields or values that this version does not know");
  }
  return spec;
}

EvaluationId IdOf(const EvaluationSpec& spec) {
  return IdOfText<EvaluationId>(CanonicalText(ToJson(spec)));
}

}  // namespace archsweep
