#include "sweep/trial/attack.h"

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

#include "base/check.h"
#include "base/text.h"
#include "sweep/trial/training.h"

namespace archsweep {
namespace {

constexpr int kRestartsMax = 1'000;
constexpr int kTargetsMax = 999;
constexpr int kQueriesMax = 1'000'000;
constexpr int kAttackBatchMax = 100'000;

constexpr std::array kSettings = {
    AttackSetting{"epsilon_255", &AttackSettings::epsilon_255, 0, "radius, in 1/255"},
    AttackSetting{"step_255", &AttackSettings::step_255, 0, "step, in 1/255"},
    AttackSetting{"steps", &AttackSettings::steps, kAttackStepsMax, "steps of a run"},
    AttackSetting{"random_start", &AttackSettings::random_start, 0, "from a point in the ball"},
    AttackSetting{"restarts", &AttackSettings::restarts, kRestartsMax, "runs; the worst counts"},
    AttackSetting{"targets", &AttackSettings::targets, kTargetsMax, "wrong classes aimed at"},
    AttackSetting{"queries", &AttackSettings::queries, kQueriesMax, "queries of Square"},
    AttackSetting{"batch", &AttackSettings::batch, kAttackBatchMax, "images that share draws"},
    AttackSetting{"seed", &AttackSettings::seed, 0, "of the draws"},
    AttackSetting{"savings", &AttackSettings::savings, 0, "exact, or none: as the reference does"}};

// The first version wrote these, and only these, whatever the attack.
constexpr std::array<std::string_view, 4> kFirstKeys = {"epsilon_255", "step_255", "steps",
                                                        "random_start"};

struct AttackType {
  AttackKind kind;
  std::string_view name;
  std::vector<std::string_view> keys;  // Of its settings.
  AttackSettings standard;
  bool has_result_column = false;
};

// The one definition of every attack.
const std::vector<AttackType>& Types() {
  using Keys = std::vector<std::string_view>;
  static const Keys kStepped = {"epsilon_255", "step_255", "steps", "random_start", "restarts"};
  static const Keys kApgd = {"epsilon_255", "steps", "restarts", "batch", "seed", "savings"};
  static const Keys kTargeted = {"epsilon_255", "steps", "restarts", "targets",
                                 "batch",       "seed",  "savings"};
  static const Keys kQueried = {"epsilon_255", "restarts", "queries", "batch", "seed", "savings"};
  static const Keys kAll = {"epsilon_255", "steps", "restarts", "targets",
                            "queries",     "batch", "seed",     "savings"};
  static const std::vector<AttackType> kTypes = {
      {AttackKind::kClean, "clean", {}, {}, true},
      {AttackKind::kFgsm, "fgsm", kStepped, {.epsilon_255 = 8, .step_255 = 8, .steps = 1}, true},
      {AttackKind::kPgd20,
       "pgd20",
       kStepped,
       {.epsilon_255 = 8, .step_255 = 0.8, .steps = 20, .random_start = true},
       true},
      {AttackKind::kCw40,
       "cw40",
       kStepped,
       {.epsilon_255 = 8, .step_255 = 0.8, .steps = 40, .random_start = true},
       true},
      {AttackKind::kApgdCe, "apgd_ce", kApgd, {.epsilon_255 = 8, .steps = 100, .batch = 250}},
      {AttackKind::kApgdDlr, "apgd_dlr", kApgd, {.epsilon_255 = 8, .steps = 100, .batch = 250}},
      {AttackKind::kApgdT,
       "apgd_t",
       kTargeted,
       {.epsilon_255 = 8, .steps = 100, .targets = 9, .batch = 250}},
      {AttackKind::kFabT,
       "fab_t",
       kTargeted,
       {.epsilon_255 = 8, .steps = 100, .targets = 9, .batch = 250}},
      {AttackKind::kSquare, "square", kQueried, {.epsilon_255 = 8, .queries = 5000, .batch = 250}},
      {AttackKind::kAutoAttack,
       "autoattack",
       kAll,
       {.epsilon_255 = 8, .steps = 100, .targets = 9, .queries = 5000, .batch = 250},
       true},
      {AttackKind::kApgdPair,
       "apgd_pair",
       kTargeted,
       {.epsilon_255 = 8, .steps = 100, .targets = 9, .batch = 250},
       true}};
  return kTypes;
}

const AttackType& TypeOf(AttackKind kind) {
  const auto found = std::ranges::find(Types(), kind, &AttackType::kind);
  CHECK(found != Types().end());
  return *found;
}

bool Has(const AttackType& type, std::string_view key) {
  return std::ranges::find(type.keys, key) != type.keys.end();
}

bool AreEqual(const AttackSetting& setting, const AttackSettings& a, const AttackSettings& b) {
  return std::visit([&](auto member) { return a.*member == b.*member; }, setting.member);
}

// The sentence about a value that is out of its range; empty if it is not.
std::string RangeProblem(const AttackSetting& setting, const AttackSettings& settings) {
  return std::visit(
      [&]<class Value>(Value AttackSettings::*member) -> std::string {
        const Value value = settings.*member;
        if constexpr (std::is_same_v<Value, double>) {
          if (value > 0 && value <= 255) return "";
          return Format("{} is {}; it must be above 0 and at most 255", setting.key, value);
        } else if constexpr (std::is_same_v<Value, int>) {
          if (value >= 1 && value <= setting.max) return "";
          return Format("{} is {}; it must be from 1 to {}", setting.key, value, setting.max);
        } else if constexpr (std::is_same_v<Value, uint64_t>) {
          // The largest number that databases and JSON readers keep exactly as an integer.
          constexpr uint64_t kSeedMax = std::numeric_limits<int64_t>::max();
          if (value <= kSeedMax) return "";
          return Format("{} is {}; it must be at most {}", setting.key, value, kSeedMax);
        } else {
          return "";
        }
      },
      setting.member);
}

bool IsWritten(const AttackType& type, const AttackSetting& setting) {
  return Has(type, setting.key) ||
         (type.keys.empty() && std::ranges::find(kFirstKeys, setting.key) != kFirstKeys.end());
}

// Settings that came later, whose default is what attacks did before.
bool IsLeftOutAtDefault(const AttackSetting& setting) {
  return setting.key == "restarts" || setting.key == "savings";
}

}  // namespace

std::span<const AttackKind> AttackKinds() {
  static const std::vector<AttackKind> kKinds = [] {
    std::vector<AttackKind> kinds;
    for (const AttackType& type : Types()) kinds.push_back(type.kind);
    return kinds;
  }();
  return kKinds;
}

std::string_view NameOf(AttackKind kind) { return TypeOf(kind).name; }

Result<AttackKind> AttackByName(std::string_view name) {
  std::vector<std::string> names;
  for (const AttackType& type : Types()) {
    if (type.name == name) return type.kind;
    names.emplace_back(type.name);
  }
  return Fail(ErrorKind::kInvalidInput, Format("unknown attack '{}'{}; known are: {}", name,
                                               Suggestion(name, names), Join(names, ", ")));
}

std::span<const Savings> SavingsKinds() {
  static constexpr std::array kKinds = {Savings::kExact, Savings::kNone};
  return kKinds;
}

std::string_view NameOf(Savings savings) { return savings == Savings::kNone ? "none" : "exact"; }

Result<Savings> SavingsByName(std::string_view name) {
  for (const Savings savings : SavingsKinds()) {
    if (NameOf(savings) == name) return savings;
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("unknown savings '{}'; known are: exact, none", name));
}

std::span<const AttackSetting> AttackSettingTable() { return kSettings; }

const AttackSetting* FindAttackSetting(std::string_view key) {
  const auto* const found = std::ranges::find(kSettings, key, &AttackSetting::key);
  return found != kSettings.end() ? found : nullptr;
}

std::vector<std::string> SettingKeysOf(AttackKind kind) {
  const auto& keys = TypeOf(kind).keys;
  return {keys.begin(), keys.end()};
}

bool HasResultColumn(AttackKind kind) { return TypeOf(kind).has_result_column; }

AttackSettings SettingsOf(AttackKind kind) { return TypeOf(kind).standard; }

bool AreStandard(AttackKind kind, const AttackSettings& settings) {
  AttackSettings standard = SettingsOf(kind);
  standard.batch = settings.batch;
  standard.seed = settings.seed;
  standard.savings = settings.savings;
  return settings == standard;
}

std::vector<std::string> Problems(AttackKind kind, const AttackSettings& settings) {
  const AttackType& type = TypeOf(kind);
  if (type.keys.empty()) {
    if (settings == type.standard) return {};
    return {Format("attack is {}; it has no settings", type.name)};
  }
  std::vector<std::string> problems;
  for (const AttackSetting& setting : kSettings) {
    if (Has(type, setting.key)) {
      std::string problem = RangeProblem(setting, settings);
      if (!problem.empty()) problems.push_back(std::move(problem));
    } else if (!AreEqual(setting, settings, AttackSettings{})) {
      problems.push_back(Format("{} is not a setting of {}; those are: {}", setting.key, type.name,
                                Join(SettingKeysOf(kind), ", ")));
    }
  }
  if (settings.restarts > 1 && Has(type, "random_start") && !settings.random_start) {
    problems.push_back(
        Format("restarts is {}; without random_start every run is the same", settings.restarts));
  }
  return problems;
}

Json ToJson(AttackKind kind, const AttackSettings& settings) {
  const AttackType& type = TypeOf(kind);
  Json json = {{"name", type.name}};
  for (const AttackSetting& setting : kSettings) {
    if (!IsWritten(type, setting)) continue;
    if (IsLeftOutAtDefault(setting) && AreEqual(setting, settings, AttackSettings{})) continue;
    std::visit(
        [&]<class Value>(Value AttackSettings::*member) {
          if constexpr (std::is_same_v<Value, Savings>) {
            json[setting.key] = NameOf(settings.*member);
          } else {
            json[setting.key] = settings.*member;
          }
        },
        setting.member);
  }
  return json;
}

AttackSettings SettingsFromJson(AttackKind kind, const Json& json) {
  const AttackType& type = TypeOf(kind);
  AttackSettings settings;
  for (const AttackSetting& setting : kSettings) {
    if (!IsWritten(type, setting)) continue;
    if (IsLeftOutAtDefault(setting) && !json.contains(setting.key)) continue;
    const Json& value = json.at(setting.key);
    std::visit(
        [&]<class Value>(Value AttackSettings::*member) {
          if constexpr (std::is_same_v<Value, Savings>) {
            settings.*member = value.get<std::string>() == NameOf(Savings::kNone) ? Savings::kNone
                                                                                  : Savings::kExact;
          } else {
            value.get_to(settings.*member);
          }
        },
        setting.member);
  }
  return settings;
}

}  // namespace archsweep
