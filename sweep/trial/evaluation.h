#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/result.h"

namespace archsweep {

// The standard attacks (paper, section 6): no attack; one step of epsilon; 20 steps of 0.8/255 from
// a uniform start; the same with 40 steps on the margin of Carlini and Wagner. All L-infinity,
// epsilon 8/255, the final iterate counts. All but the last raise the mean cross-entropy.
enum class AttackKind { kClean, kFgsm, kPgd20, kCw40 };

std::span<const AttackKind> AttackKinds();

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
  friend bool operator==(const AttackSettings&, const AttackSettings&) = default;
};

// Those of the standard attack.
AttackSettings SettingsOf(AttackKind kind);

// Everything that is impossible in the settings of an attack; each is a sentence that begins with
// the key of the setting. No attack has no settings.
std::vector<std::string> Problems(AttackKind kind, const AttackSettings& settings);

// One measurement of a trained network, on its last weights.
struct EvaluationSpec {
  TrialId trial;
  AttackKind attack = AttackKind::kClean;
  int64_t images = 0;  // The first so many test images; 0: all of them.
  AttackSettings settings = SettingsOf(attack);

  // Whether it is the standard attack, whose accuracy has a column of its own in views.
  bool IsStandard() const { return settings == SettingsOf(attack); }
  friend bool operator==(const EvaluationSpec&, const EvaluationSpec&) = default;
};

Json ToJson(const EvaluationSpec& spec);
Result<EvaluationSpec> ParseEvaluation(const Json& json);
EvaluationId IdOf(const EvaluationSpec& spec);

}  // namespace archsweep
