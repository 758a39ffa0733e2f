#pragma once

#include <cstdint>
#include <string_view>

#include "base/id.h"
#include "base/json.h"
#include "base/result.h"

namespace archsweep {

// The standard attacks (reference on the evaluation protocol, section 6): no attack; one step of
// epsilon; 20 steps of 0.8/255 from a uniform start. All L-infinity, epsilon 8/255, mean
// cross-entropy, the final iterate counts.
enum class AttackKind { kClean, kFgsm, kPgd20 };

std::string_view NameOf(AttackKind kind);

// kInvalidInput with the nearest name if there is none of that name.
Result<AttackKind> AttackByName(std::string_view name);

// What an attack does; the one table that the trainer, the identity and the columns of views read.
struct AttackSettings {
  double epsilon_255 = 0;
  double step_255 = 0;
  int steps = 0;  // 0: no attack.
  bool random_start =
      false;  // Uniform in the ball, not clamped to [0, 1] before the first gradient.
};
AttackSettings SettingsOf(AttackKind kind);

// One measurement of a trained network, on its last weights.
struct EvaluationSpec {
  TrialId trial;
  AttackKind attack = AttackKind::kClean;
  int64_t images = 0;  // The first so many test images; 0: all of them.
  friend bool operator==(const EvaluationSpec&, const EvaluationSpec&) = default;
};

Json ToJson(const EvaluationSpec& spec);
Result<EvaluationSpec> ParseEvaluation(const Json& json);
EvaluationId IdOf(const EvaluationSpec& spec);

}  // namespace archsweep
