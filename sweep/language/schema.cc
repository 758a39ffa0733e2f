#include "sweep/language/schema.h"

#include <cmath>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "sweep/language/fields.h"
#include "sweep/language/presets.h"
#include "sweep/language/sweep_file.h"
#include "sweep/trial/recipe.h"

namespace archsweep {
namespace {

Json Words(std::vector<std::string> words) { return {{"enum", std::move(words)}}; }

template <class Items, class Name>
std::vector<std::string> NamesOf(const Items& items, const Name& name) {
  std::vector<std::string> names;
  for (const auto& item : items) names.emplace_back(name(item));
  return names;
}

constexpr auto kNameMember = [](const auto& item) { return item.name; };
constexpr auto kKindName = [](auto kind) { return NameOf(kind); };

// One value, or a list of one for each stage.
Json OneOrThree(const Json& value) {
  return {
      {"oneOf", {value, {{"type", "array"}, {"items", value}, {"minItems", 3}, {"maxItems", 3}}}}};
}

Json MapOf(std::string_view group);

Json TypeOf(const DatasetRef TrialSpec::*) {
  const Json name = Words(NamesOf(RegisteredDatasets(), kNameMember));
  const Json digest = {{"type", "string"}, {"pattern", "^[0-9a-f]{64}$"}};
  const Json map = {{"type", "object"},
                    {"additionalProperties", false},
                    {"required", {"name"}},
                    {"properties", {{"name", name}, {"digest", digest}, {"extra", digest}}}};
  return {{"oneOf", {name, map}}};
}

Json TypeOf(const std::optional<std::string> TrialSpec::*) {
  return {{"type", "string"}, {"pattern", "^[0-9a-f]{64}$"}};
}

Json TypeOf(const ArchitectureSpec TrialSpec::*) {
  const Json name = Words(NamesOf(NamedArchitectures(), kNameMember));
  Json map = MapOf("architecture");
  map["properties"]["name"] = name;
  return {{"oneOf", {name, map}}};
}

Json TypeOf(const TrainingSpec TrialSpec::*) {
  const Json recipe = Words(NamesOf(Recipes(), kNameMember));
  Json map = MapOf("training");
  map["properties"]["recipe"] = recipe;
  map["required"] = {"recipe"};
  return {{"oneOf", {recipe, map}}};
}

Json TypeOf(const uint64_t TrialSpec::*) { return {{"type", "integer"}, {"minimum", 0}}; }
Json TypeOf(const PerStage<int> ArchitectureSpec::*) {
  return OneOrThree({{"type", "integer"}, {"minimum", 1}});
}
Json TypeOf(const PerStage<const BlockType*> ArchitectureSpec::*) {
  return OneOrThree(Words(NamesOf(BlockTypes(), kNameMember)));
}
Json TypeOf(const PerStage<ActivationKind> ArchitectureSpec::*) {
  return OneOrThree(Words(NamesOf(ActivationKinds(), kKindName)));
}
Json TypeOf(const PerStage<NormKind> ArchitectureSpec::*) {
  return OneOrThree(Words(NamesOf(NormKinds(), kKindName)));
}
Json TypeOf(const LayerOrder ArchitectureSpec::*) { return Words({"pre", "post"}); }
Json TypeOf(const bool ArchitectureSpec::*) { return {{"type", "boolean"}}; }
Json TypeOf(const Genotype* const CellSpec::*) { return Words(NamesOf(Genotypes(), kNameMember)); }
Json TypeOf(const int CellSpec::*) { return {{"type", "integer"}, {"minimum", 1}}; }
Json TypeOf(const Numerics TrialSpec::*) { return Words({"fast", "reference"}); }
Json TypeOf(const bool&) { return {{"type", "boolean"}}; }
Json TypeOf(const int&) { return {{"type", "integer"}}; }
Json TypeOf(const double&) { return {{"type", "number"}}; }
Json TypeOf(TrainingTarget target) {
  const TrainingSetting& setting = *target.setting;
  if (!setting.words.empty()) return Words(setting.words);
  Json type = std::visit(
      [](auto member) -> Json {
        if constexpr (std::is_enum_v<std::remove_reference_t<decltype(TrainingSpec{}.*member)>>) {
          return {};
        } else {
          return TypeOf(TrainingSpec{}.*member);
        }
      },
      setting.member);
  if (type["type"] == "boolean") return type;
  const Bounds& bounds = setting.bounds;
  type[bounds.without_min ? "exclusiveMinimum" : "minimum"] = bounds.min;
  if (std::isfinite(bounds.max)) {
    type[bounds.without_max ? "exclusiveMaximum" : "maximum"] = bounds.max;
  }
  return type;
}
Json TypeOf(SettingTarget target) {
  if (!target.setting->words.empty()) return Words(target.setting->words);
  return {{"type", "integer"}, {"minimum", 1}, {"maximum", target.setting->max}};
}

Json SchemaOf(const Field& field) {
  Json schema = std::visit([](auto target) { return TypeOf(target); }, field.target);
  schema["description"] = field.summary;
  return schema;
}

Json MapOf(std::string_view group) {
  Json properties = Json::object();
  for (const std::string& key : KeysOf(group)) {
    const std::string path = group.empty() ? key : std::string(group) + "." + key;
    properties[key] = SchemaOf(*FindField(path));
  }
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
}

// Axes by the paths of their fields.
Json AxesSchema() {
  Json properties = Json::object();
  for (const Field& field : Fields()) {
    const Json list = {{"type", "array"}, {"minItems", 1}, {"items", SchemaOf(field)}};
    properties[field.path] = list;
    if (!IsPerStage(field)) continue;
    const Json values = {{"type", "array"}, {"minItems", 1}, {"items", {{"type", "integer"}}}};
    const Json per_stage = {{"type", "object"},
                            {"additionalProperties", false},
                            {"required", {"per_stage"}},
                            {"properties", {{"per_stage", values}}}};
    properties[field.path] = {{"oneOf", {list, per_stage}}};
  }
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
}

Json PointSchema() {
  Json properties = Json::object();
  for (const Field& field : Fields()) properties[field.path] = SchemaOf(field);
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
}

Json WhereSchema() {
  const Json number = {{"type", {"number", "string"}}};
  const Json values = {{"type", "array"}, {"minItems", 1}};
  const Json condition = {
      {"type", "object"},
      {"additionalProperties", false},
      {"properties", {{"min", number}, {"max", number}, {"in", values}, {"not_in", values}}}};
  return {{"type", "object"}, {"additionalProperties", condition}};
}

Json SchemaOf(const AttackSetting& setting) {
  Json schema = std::visit(
      [&]<class Value>(Value AttackSettings::*) -> Json {
        if constexpr (std::is_same_v<Value, double>) {
          return {{"type", "number"}, {"exclusiveMinimum", 0}, {"maximum", 255}};
        } else if constexpr (std::is_same_v<Value, bool>) {
          return {{"type", "boolean"}};
        } else if constexpr (std::is_same_v<Value, Savings>) {
          return Words(NamesOf(SavingsKinds(), kKindName));
        } else if constexpr (std::is_same_v<Value, int>) {
          return {{"type", "integer"}, {"minimum", 1}, {"maximum", setting.max}};
        } else {
          return {{"type", "integer"}, {"minimum", 0}};
        }
      },
      setting.member);
  schema["description"] = setting.summary;
  return schema;
}

Json EvaluationSchema() {
  const Json attack = Words(NamesOf(AttackKinds(), kKindName));
  Json properties = {{"attack", attack},
                     {"images", {{"type", "integer"}, {"minimum", 1}}},
                     {"checkpoint", Words(NamesOf(CheckpointRoles(), kKindName))}};
  for (const AttackSetting& setting : AttackSettingTable()) {
    properties[setting.key] = SchemaOf(setting);
  }
  CHECK(properties.size() == EvaluationKeys().size());
  const Json map = {{"type", "object"},
                    {"additionalProperties", false},
                    {"required", {"attack"}},
                    {"properties", properties}};
  return {{"oneOf", {attack, map}}};
}

Json QueueSchema() {
  const auto integer = [](int least, int most) -> Json {
    return {{"type", "integer"}, {"minimum", least}, {"maximum", most}};
  };
  return {{"type", "object"},
          {"additionalProperties", false},
          {"properties",
           {{"order", Words({"longest", "spread"})},
            {"priority", integer(-kPriorityMax, kPriorityMax)},
            {"running_max", integer(1, kRunningMax)},
            {"failed_max", integer(0, kFailedMax)}}}};
}

}  // namespace

Json SweepSchema() {
  const Json seeds = {{"oneOf",
                       {{{"type", "integer"}, {"minimum", 1}},
                        {{"type", "array"}, {"minItems", 1}, {"items", {{"type", "integer"}}}}}}};
  Json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "archsweep sweep file"},
      {"type", "object"},
      {"additionalProperties", false},
      {"properties",
       {{"name", {{"type", "string"}}},
        {"include", Words(PresetNames())},
        {"base", MapOf("")},
        {"grid", AxesSchema()},
        {"zip", AxesSchema()},
        {"list", {{"type", "array"}, {"minItems", 1}, {"items", PointSchema()}}},
        {"seeds", seeds},
        {"where", WhereSchema()},
        {"evaluations", {{"type", "array"}, {"minItems", 1}, {"items", EvaluationSchema()}}},
        {"resources",
         {{"type", "object"},
          {"additionalProperties", false},
          {"properties",
           {{"gpus", {{"type", "integer"}, {"minimum", 0}, {"maximum", kRanksMax}}},
            {"ranks", {{"type", "integer"}, {"minimum", 1}, {"maximum", kRanksMax}}},
            {"share", {{"type", "integer"}, {"minimum", 1}, {"maximum", kShareMax}}}}}}},
        {"queue", QueueSchema()}}}};
  schema["required"] = {"name"};
  CHECK(schema["properties"].size() == SweepFileKeys().size());
  return schema;
}

}  // namespace archsweep
