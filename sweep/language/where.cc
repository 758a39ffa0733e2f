#include "sweep/language/where.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr std::array<std::pair<std::string_view, Quantity>, 5> kQuantities = {{
    {"parameters", Quantity::kParameters},
    {"macs", Quantity::kMacs},
    {"total_depth", Quantity::kTotalDepth},
    {"total_width", Quantity::kTotalWidth},
    {"r_depth", Quantity::kDepthRatio},
}};

std::optional<Quantity> QuantityByName(std::string_view name) {
  for (const auto& [known, quantity] : kQuantities) {
    if (known == name) return quantity;
  }
  return std::nullopt;
}

double Sum(const PerStage<int>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::vector<double> NumbersOf(Quantity quantity, const ArchitectureSpec& spec, const Cost& cost) {
  if (quantity == Quantity::kParameters) return {static_cast<double>(cost.parameters)};
  if (quantity == Quantity::kMacs) return {static_cast<double>(cost.macs)};
  if (spec.cells.genotype != nullptr) return {};
  const double depth = Sum(spec.depth);
  const double width = Sum(spec.width);
  if (quantity == Quantity::kTotalDepth) return {depth};
  if (quantity == Quantity::kTotalWidth) return {width};
  return {depth / (depth + width)};
}

void ReadBound(const YamlNode& map, const Condition& condition, const std::string& key,
               std::optional<double>& bound, Complaints& complaints) {
  const YamlEntry* const entry = FindEntry(map, key);
  if (entry == nullptr) return;
  bound = ReadCount(entry->value, Format("where.{}.{}", condition.name, key), complaints);
}

void ReadValues(const YamlNode& map, const Condition& condition, const std::string& key,
                std::optional<std::vector<TrialSpec>>& values, Complaints& complaints) {
  const YamlEntry* const entry = FindEntry(map, key);
  if (entry == nullptr) return;
  const std::string name = Format("where.{}.{}", condition.name, key);
  if (condition.field == nullptr) {
    return complaints.Add(entry->position,
                          Format("{} is no field; give min and max", condition.name));
  }
  if (entry->value.kind != YamlNode::Kind::kSequence || entry->value.items.empty()) {
    return complaints.Add(entry->value.position,
                          Format("{} must be a list of at least one value", name));
  }
  values.emplace();
  for (const YamlNode& item : entry->value.items) {
    TrialSpec donor;
    GivenFields given;
    ReadField(*condition.field, "where", item, donor, given, complaints);
    values->push_back(std::move(donor));
  }
}

std::optional<Condition> ReadCondition(const YamlEntry& entry, Complaints& complaints) {
  Condition condition = {.name = entry.key, .quantity = QuantityByName(entry.key)};
  if (!condition.quantity) condition.field = FindField(entry.key);
  if (!condition.quantity && condition.field == nullptr) {
    std::vector<std::string> known;
    for (const auto& [name, quantity] : kQuantities) known.emplace_back(name);
    std::vector<std::string> near = known;
    for (const Field& field : Fields()) near.push_back(field.path);
    const std::string suggestion = Suggestion(entry.key, near);
    complaints.Add(
        entry.position,
        Format("unknown condition '{}'{}", entry.key,
               suggestion.empty()
                   ? Format("; known are: {}, and every field by its path", Join(known, ", "))
                   : suggestion));
    return std::nullopt;
  }
  const std::vector<std::string> keys = {"min", "max", "in", "not_in"};
  const std::string name = Format("where.{}", entry.key);
  if (!CheckMap(entry.value, name, keys, complaints)) return std::nullopt;
  if (entry.value.entries.empty()) {
    complaints.Add(entry.value.position, Format("{} is empty; give min, max, in or not_in", name));
  }
  ReadBound(entry.value, condition, "min", condition.min, complaints);
  ReadBound(entry.value, condition, "max", condition.max, complaints);
  ReadValues(entry.value, condition, "in", condition.in, complaints);
  ReadValues(entry.value, condition, "not_in", condition.not_in, complaints);
  const bool is_bound = condition.min || condition.max;
  TrialSpec probe;
  if (const auto* setting =
          condition.field ? std::get_if<SettingTarget>(&condition.field->target) : nullptr) {
    probe.architecture.settings[setting->setting->key] = 1;
  }
  if (is_bound && condition.field != nullptr && NumbersOf(*condition.field, probe).empty()) {
    complaints.Add(entry.position, Format("{} is no number; give in or not_in", entry.key));
  }
  return condition;
}

bool Contains(const Field& field, const std::vector<TrialSpec>& values, const TrialSpec& spec) {
  return std::ranges::any_of(values,
                             [&](const TrialSpec& value) { return HaveEqual(field, value, spec); });
}

bool Meets(const Condition& condition, const TrialSpec& spec, const Cost& cost) {
  if (condition.in && !Contains(*condition.field, *condition.in, spec)) return false;
  if (condition.not_in && Contains(*condition.field, *condition.not_in, spec)) return false;
  if (!condition.min && !condition.max) return true;
  const std::vector<double> numbers = condition.quantity
                                          ? NumbersOf(*condition.quantity, spec.architecture, cost)
                                          : NumbersOf(*condition.field, spec);
  if (numbers.empty()) return false;
  return std::ranges::all_of(numbers, [&](double number) {
    return number >= condition.min.value_or(number) && number <= condition.max.value_or(number);
  });
}

}  // namespace

std::vector<Condition> ReadWhere(const YamlNode& node, Complaints& complaints) {
  std::vector<Condition> conditions;
  if (node.kind != YamlNode::Kind::kMap) {
    complaints.Add(node.position, Format("where is {}; it must be a map of conditions, such as "
                                         "'macs: {{max: 5G}}'",
                                         NameOf(node.kind)));
    return conditions;
  }
  for (const YamlEntry& entry : node.entries) {
    auto condition = ReadCondition(entry, complaints);
    if (condition) conditions.push_back(*std::move(condition));
  }
  return conditions;
}

bool Meets(const std::vector<Condition>& conditions, const TrialSpec& spec, const Cost& cost) {
  return std::ranges::all_of(
      conditions, [&](const Condition& condition) { return Meets(condition, spec, cost); });
}

}  // namespace archsweep
