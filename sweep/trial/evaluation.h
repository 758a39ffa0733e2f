#pragma once

#include <cstdint>
#include <span>
#include <string_view>

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

// One measurement of a trained network.
struct EvaluationSpec {
  TrialId trial;
  AttackKind attack = AttackKind::kClean;
  int64_t images = 0;  // The first so many test images; 0: all of them.
  AttackSettings settings = SettingsOf(attack);
  CheckpointRole checkpoint = CheckpointRole::kLast;

  // Whether it is the standard attack, whose accuracy has a column of its own in views.
  bool IsStandard() const { return AreStandard(attack, settings); }
  friend bool operator==(const EvaluationSpec&, const EvaluationSpec&) = default;
};

Json ToJson(const EvaluationSpec& spec);
Result<EvaluationSpec> ParseEvaluation(const Json& json);
EvaluationId IdOf(const EvaluationSpec& spec);

}  // namespace archsweep
