#include "sweep/trial/evaluation.h"

#include <array>
#include <string>
#include <vector>

#include "base/canonical_json.h"
#include "base/text.h"

namespace archsweep {
namespace {

std::string ColumnName(AttackKind attack, CheckpointRole role) {
  return Format("{}_{}", NameOf(attack), NameOf(role));
}

}  // namespace

std::span<const CheckpointRole> CheckpointRoles() {
  static constexpr std::array kRoles = {CheckpointRole::kLast, CheckpointRole::kBest};
  return kRoles;
}

std::string_view NameOf(CheckpointRole role) {
  return role == CheckpointRole::kBest ? "best" : "last";
}

Result<CheckpointRole> CheckpointRoleByName(std::string_view name) {
  for (const CheckpointRole role : CheckpointRoles()) {
    if (NameOf(role) == name) return role;
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("unknown checkpoint '{}'; known are: last, best", name));
}

std::vector<std::string> ResultColumns() {
  std::vector<std::string> columns;
  for (const CheckpointRole role : CheckpointRoles()) {
    for (const AttackKind attack : AttackKinds()) {
      if (HasResultColumn(attack)) columns.push_back(ColumnName(attack, role));
    }
  }
  return columns;
}

std::optional<std::string> ResultColumnOf(const EvaluationSpec& spec) {
  const bool has_column = HasResultColumn(spec.attack) && AreStandard(spec.attack, spec.settings);
  if (!has_column) return std::nullopt;
  return ColumnName(spec.attack, spec.checkpoint);
}

Json ToJson(const EvaluationSpec& spec) {
  return {{"trial", ToHex(spec.trial)},
          {"checkpoint", NameOf(spec.checkpoint)},
          {"attack", ToJson(spec.attack, spec.settings)},
          {"images", spec.images}};
}

Result<EvaluationSpec> ParseEvaluation(const Json& json) {
  EvaluationSpec spec;
  try {
    TRY_ASSIGN(spec.trial, ParseId<TrialId>(json.at("trial").get<std::string>()));
    TRY_ASSIGN(spec.checkpoint, CheckpointRoleByName(json.at("checkpoint").get<std::string>()));
    const Json& attack = json.at("attack");
    TRY_ASSIGN(spec.attack, AttackByName(attack.at("name").get<std::string>()));
    spec.settings = SettingsFromJson(spec.attack, attack);
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
