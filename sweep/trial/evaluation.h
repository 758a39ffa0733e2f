#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/result.h"
#include "sweep/trial/attack.h"

namespace archsweep {

// Which weights of a training: those of its last step, or those of the epoch that its selection
// found best.
enum class CheckpointRole { kLast, kBest };

std::span<const CheckpointRole> CheckpointRoles();
std::string_view NameOf(CheckpointRole role);  // "last", "best"
Result<CheckpointRole> CheckpointRoleByName(std::string_view name);

// Weights that an evaluation can be of.
struct WeightsId {
  TrialId trial;
  CheckpointRole checkpoint = CheckpointRole::kLast;
  friend auto operator<=>(const WeightsId&, const WeightsId&) = default;
};

// One measurement of a trained network.
struct EvaluationSpec {
  TrialId trial;
  AttackKind attack = AttackKind::kClean;
  int64_t images = 0;  // The first so many test images; 0: all of them.
  AttackSettings settings = SettingsOf(attack);
  CheckpointRole checkpoint = CheckpointRole::kLast;
  friend bool operator==(const EvaluationSpec&, const EvaluationSpec&) = default;
};

// Where views show accuracies: for every attack that has columns "clean_last" and so on, all of the
// last checkpoint first.
std::vector<std::string> ResultColumns();

// The column in which the accuracy counts; nothing where the attack has none or is not standard.
std::optional<std::string> ResultColumnOf(const EvaluationSpec& spec);

Json ToJson(const EvaluationSpec& spec);
Result<EvaluationSpec> ParseEvaluation(const Json& json);
EvaluationId IdOf(const EvaluationSpec& spec);

}  // namespace archsweep
