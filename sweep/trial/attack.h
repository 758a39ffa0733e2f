#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace archsweep {

// What is done to the test images before the network sees them; all attacks are L-infinity.
enum class AttackKind {
  kClean,
  // Paper, section 6: one step of epsilon; 20 steps of 0.8/255 from a uniform start; the same with
  // 40 steps on the margin of Carlini and Wagner. The final iterate counts. All but the last raise
  // the mean cross-entropy.
  kFgsm,
  kPgd20,
  kCw40,
  // Reference, section 1: APGD on the cross-entropy and on the difference of logits ratio, APGD on
  // that ratio towards each target, FAB towards each target, Square.
  kApgdCe,
  kApgdDlr,
  kApgdT,
  kFabT,
  kSquare,
  // In turn, each on what the earlier ones left: APGD-CE, APGD-T, FAB-T and Square; the first two
  // of these, which is what the script of the paper ran.
  kAutoAttack,
  kApgdPair,
};

std::span<const AttackKind> AttackKinds();

std::string_view NameOf(AttackKind kind);

// kInvalidInput with the nearest name if there is none of that name.
Result<AttackKind> AttackByName(std::string_view name);

// Whether the savings of reference, section 1.8, that leave the verdicts as they are, are taken;
// without them every draw and every pass of the reference implementation is made.
enum class Savings { kExact, kNone };

std::span<const Savings> SavingsKinds();
std::string_view NameOf(Savings savings);
Result<Savings> SavingsByName(std::string_view name);

// What an attack does. A member that the attack does not have keeps the default given here.
struct AttackSettings {
  double epsilon_255 = 0;  // Radius of the ball, in 1/255.
  double step_255 = 0;     // In 1/255.
  int steps = 0;           // Of each run; 0: no steps.
  bool random_start =
      false;         // Uniform in the ball, not clamped to [0, 1] before the first gradient.
  int restarts = 1;  // Runs; the worst counts.
  int targets = 0;   // Wrong classes that are aimed at, those of the largest clean logits first.
  int queries = 0;
  int batch = 0;      // Images that share draws.
  uint64_t seed = 0;  // Of the generator, which starts anew for every attack and batch.
  Savings savings = Savings::kExact;
  friend bool operator==(const AttackSettings&, const AttackSettings&) = default;
};

// One member, for everything that reads or writes settings by name.
struct AttackSetting {
  std::string_view key;
  std::variant<double AttackSettings::*, int AttackSettings::*, bool AttackSettings::*,
               uint64_t AttackSettings::*, Savings AttackSettings::*>
      member;
  int max = 0;  // Of an int; the least is 1.
  std::string_view summary;
};

// All of them, in the order in which messages list them.
std::span<const AttackSetting> AttackSettingTable();

// Null if there is none of that key.
const AttackSetting* FindAttackSetting(std::string_view key);

// The keys of the settings that the attack has.
std::vector<std::string> SettingKeysOf(AttackKind kind);

// Whether views have columns for the accuracy after it.
bool HasResultColumn(AttackKind kind);

// The settings that go with the name of the attack.
AttackSettings SettingsOf(AttackKind kind);

// Whether an attack with these settings is the one of that name. What only decides draws and
// savings may differ: batch, seed, savings.
bool AreStandard(AttackKind kind, const AttackSettings& settings);

// Everything that is impossible in the settings of an attack; each is a sentence that begins with
// the key of the setting. No attack has no settings.
std::vector<std::string> Problems(AttackKind kind, const AttackSettings& settings);

// The canonical form, name included. A setting is there only where the attack has it; restarts and
// savings only where they are not 1 and exact.
Json ToJson(AttackKind kind, const AttackSettings& settings);

// Reads what ToJson wrote for an attack of that kind; throws Json::exception about missing fields
// and wrong types.
AttackSettings SettingsFromJson(AttackKind kind, const Json& json);

}  // namespace archsweep
