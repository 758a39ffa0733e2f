#include "sweep/language/axis.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr char kSection[] = "grid";
constexpr char kPerStage[] = "per_stage";

// `Spec` is TrialSpec, const or not.
template <class Spec>
auto& StagesOf(const Field& field, Spec& spec) {
  return MemberOf(spec, std::get<StageValues ArchitectureSpec::*>(field.target));
}

void ReadValue(Axis& axis, const YamlNode& node, GivenFields& given, Complaints& complaints) {
  AxisValue value = {.position = node.position, .donor = {}, .given = {}};
  ReadField(*axis.field, kSection, node, value.donor, value.given, complaints);
  for (const auto& [path, field] : value.given) {
    if (!field.valid) given.insert_or_assign(path, field);
  }
  if (value.given.find(axis.field->path)->second.valid) axis.values.push_back(std::move(value));
}

// Out of range here is out of range in every stage, and is better said once at the value.
bool CheckStageValue(const Axis& axis, const AxisValue& value, Complaints& complaints) {
  TrialSpec probe;
  probe.architecture = {.depth = {1, 1, 1}, .width = {1, 1, 1}};
  CopyField(*axis.field, value.donor, probe);
  const std::vector<std::string> problems = Problems(probe.architecture);
  if (!problems.empty()) complaints.Add(value.position, problems.front());
  return problems.empty();
}

void ReadPerStage(Axis& axis, const YamlNode& list, GivenFields& given, Complaints& complaints) {
  axis.per_stage = true;
  for (const YamlNode& item : list.items) {
    const std::string name = Format("{}.{}.{}", kSection, axis.field->path, kPerStage);
    const auto number = ReadInteger(item, name, std::numeric_limits<int>::min(),
                                    std::numeric_limits<int>::max(), complaints);
    AxisValue value = {.position = item.position, .donor = {}, .given = {}};
    if (number) StagesOf(*axis.field, value.donor).fill(static_cast<int>(*number));
    if (number && CheckStageValue(axis, value, complaints)) {
      axis.values.push_back(std::move(value));
    } else {
      given.insert_or_assign(std::string(axis.field->path), GivenField{item.position, false});
    }
  }
}

// The list of values, or null after complaining.
const YamlNode* FindList(const Axis& axis, const YamlEntry& entry, Complaints& complaints) {
  const std::string name = Format("{}.{}", kSection, axis.field->path);
  const YamlNode* list = &entry.value;
  const bool can_be_per_stage = IsPerStage(*axis.field);
  if (list->kind == YamlNode::Kind::kMap && can_be_per_stage) {
    CheckMap(*list, name, std::array{std::string(kPerStage)}, complaints);
    const YamlEntry* const per_stage = FindEntry(*list, kPerStage);
    if (per_stage == nullptr) {
      complaints.Add(list->position, Format("{} has no '{}'", name, kPerStage));
      return nullptr;
    }
    list = &per_stage->value;
  }
  if (list->kind != YamlNode::Kind::kSequence) {
    complaints.Add(list->position,
                   Format("{} is {}; it must be a list of values{}", name, NameOf(list->kind),
                          can_be_per_stage ? ", or a map of per_stage to one" : ""));
    return nullptr;
  }
  if (list->items.empty()) {
    complaints.Add(list->position, Format("{} is an empty list; give at least one value", name));
    return nullptr;
  }
  return list;
}

}  // namespace

int64_t Axis::Size() const {
  const auto size = static_cast<int64_t>(values.size());
  static_assert(kStages == 3);
  return per_stage ? size * size * size : size;
}

void Axis::Apply(int64_t index, TrialSpec& spec) const {
  CHECK(index >= 0 && index < Size());
  if (!per_stage) {
    CopyField(*field, values[static_cast<size_t>(index)].donor, spec);
    return;
  }
  StageValues& stages = StagesOf(*field, spec);
  const auto size = static_cast<int64_t>(values.size());
  for (size_t stage = stages.size(); stage-- > 0; index /= size) {
    stages[stage] = StagesOf(*field, values[static_cast<size_t>(index % size)].donor)[stage];
  }
}

std::optional<Axis> ReadAxis(const YamlEntry& entry, GivenFields& given, Complaints& complaints) {
  Axis axis = {.field = FindField(entry.key), .position = entry.position, .values = {}};
  if (axis.field == nullptr) {
    std::vector<std::string> paths;
    for (const Field& field : Fields()) paths.emplace_back(field.path);
    const std::string suggestion = Suggestion(entry.key, paths);
    complaints.Add(entry.position,
                   Format("unknown axis '{}'{}", entry.key,
                          suggestion.empty() ? "; known are: " + Join(paths, ", ") : suggestion));
    return std::nullopt;
  }
  if (const YamlNode* const list = FindList(axis, entry, complaints); list == nullptr) {
    given.insert_or_assign(entry.key, GivenField{entry.position, false});
  } else if (entry.value.kind == YamlNode::Kind::kMap) {
    ReadPerStage(axis, *list, given, complaints);
  } else {
    for (const YamlNode& item : list->items) ReadValue(axis, item, given, complaints);
  }
  if (axis.values.empty()) return std::nullopt;
  return axis;
}

}  // namespace archsweep
