#include "sweep/trial/evaluation.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/canonical_json.h"
#include "base/text.h"
#include "sweep/trial/training.h"

namespace archsweep {
namespace {

constexpr std::array kAttacks = {AttackKind::kClean, AttackKind::kFgsm, AttackKind::kPgd20,
                                 AttackKind::kCw40};

}  // namespace

std::span<const AttackKind> AttackKinds() { return kAttacks; }

std::string_view NameOf(AttackKind kind) {
  switch (kind) {
    case AttackKind::kClean:
      return "clean";
    case AttackKind::kFgsm:
      return "fgsm";
    case AttackKind::kPgd20:
      return "pgd20";
    case AttackKind::kCw40:
      return "cw40";
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
    case AttackKind::kCw40:
      return {.epsilon_255 = 8, .step_255 = 0.8, .steps = 40, .random_start = true};
  }
  return {};
}

std::vector<std::string> Problems(AttackKind kind, const AttackSettings& settings) {
  std::vector<std::string> problems;
  if (kind == AttackKind::kClean) {
    if (settings != SettingsOf(kind)) problems.push_back("attack is clean; it has no settings");
    return problems;
  }
  for (const auto& [key, value] :
       {std::pair("epsilon_255", settings.epsilon_255), std::pair("step_255", settings.step_255)}) {
    if (value > 0 && value <= 255) continue;
    problems.push_back(Format("{} is {}; it must be above 0 and at most 255", key, value));
  }
  if (settings.steps < 1 || settings.steps > kAttackStepsMax) {
    problems.push_back(
        Format("steps is {}; it must be from 1 to {}", settings.steps, kAttackStepsMax));
  }
  return problems;
}

Json ToJson(const EvaluationSpec& spec) {
  const AttackSettings& attack = spec.settings;
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
    const Json& attack = json.at("attack");
    TRY_ASSIGN(spec.attack, AttackByName(attack.at("name").get<std::string>()));
    attack.at("epsilon_255").get_to(spec.settings.epsilon_255);
    attack.at("step_255").get_to(spec.settings.step_255);
    attack.at("steps").get_to(spec.settings.steps);
    attack.at("random_start").get_to(spec.settings.random_start);
    json.at("images").get_to(spec.images);
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, Format("evaluation configuration: {}", error.what()));
  }
  if (const auto problems = Problems(spec.attack, spec.settings); !problems.empty()) {
    return Fail(ErrorKind::kInvalidInput,
                Format("evaluation configuration: {}", Join(problems, "; ")));
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
