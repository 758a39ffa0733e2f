#include "sweep/language/axis.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr char kPerStage[] = "per_stage";
constexpr int64_t kSeedsMax = 10'000;

// `Spec` is TrialSpec, const or not.
template <class Spec>
auto& StagesOf(const Field& field, Spec& spec) {
  return MemberOf(spec, std::get<PerStage<int> ArchitectureSpec::*>(field.target));
}

void NoteInvalid(const GivenFields& value, GivenFields& given) {
  for (const auto& [path, field] : value) {
    if (!field.valid) given.insert_or_assign(path, field);
  }
}

void ReadValue(std::string_view section, const Field& field, const YamlNode& node, Axis& axis,
               GivenFields& given, Complaints& complaints) {
  AxisValue value = {.position = node.position, .donor = {}, .fields = {&field}, .given = {}};
  ReadField(field, section, node, value.donor, value.given, complaints);
  NoteInvalid(value.given, given);
  if (value.given.find(field.path)->second.valid) axis.values.push_back(std::move(value));
}

// Out of range here is out of range in every stage, and is better said once at the value.
bool CheckStageValue(const Field& field, const AxisValue& value, Complaints& complaints) {
  TrialSpec probe;
  probe.architecture = {.depth = 1, .width = 1};
  CopyField(field, value.donor, probe);
  const std::vector<std::string> problems = Problems(probe.architecture);
  if (!problems.empty()) complaints.Add(value.position, problems.front());
  return problems.empty();
}

void ReadPerStage(const Field& field, const YamlNode& list, Axis& axis, GivenFields& given,
                  Complaints& complaints) {
  axis.per_stage = &field;
  for (const YamlNode& item : list.items) {
    const auto number =
        ReadInteger(item, Format("{}.{}", axis.name, kPerStage), std::numeric_limits<int>::min(),
                    std::numeric_limits<int>::max(), complaints);
    AxisValue value = {.position = item.position, .donor = {}, .fields = {&field}, .given = {}};
    if (number) StagesOf(field, value.donor) = static_cast<int>(*number);
    if (number && CheckStageValue(field, value, complaints)) {
      axis.values.push_back(std::move(value));
    } else {
      given.insert_or_assign(field.path, GivenField{item.position, false});
    }
  }
}

// The list of values, or null after complaining.
const YamlNode* FindList(const Axis& axis, const Field& field, const YamlEntry& entry,
                         Complaints& complaints) {
  const YamlNode* list = &entry.value;
  const bool can_be_per_stage = IsPerStage(field);
  if (list->kind == YamlNode::Kind::kMap && can_be_per_stage) {
    CheckMap(*list, axis.name, std::array{std::string(kPerStage)}, complaints);
    const YamlEntry* const per_stage = FindEntry(*list, kPerStage);
    if (per_stage == nullptr) {
      complaints.Add(list->position, Format("{} has no '{}'", axis.name, kPerStage));
      return nullptr;
    }
    list = &per_stage->value;
  }
  if (list->kind != YamlNode::Kind::kSequence) {
    complaints.Add(list->position,
                   Format("{} is {}; it must be a list of values{}", axis.name, NameOf(list->kind),
                          can_be_per_stage ? ", or a map of per_stage to one" : ""));
    return nullptr;
  }
  if (list->items.empty()) {
    complaints.Add(list->position,
                   Format("{} is an empty list; give at least one value", axis.name));
    return nullptr;
  }
  return list;
}

// The field of that path, or null after complaining.
const Field* FindPath(std::string_view noun, const YamlEntry& entry, Complaints& complaints) {
  const Field* const field = FindField(entry.key);
  if (field != nullptr) return field;
  std::vector<std::string> paths;
  for (const Field& known : Fields()) paths.push_back(known.path);
  const std::string suggestion = Suggestion(entry.key, paths);
  complaints.Add(entry.position,
                 Format("unknown {} '{}'{}", noun, entry.key,
                        suggestion.empty() ? "; known are: " + Join(paths, ", ") : suggestion));
  return nullptr;
}

AxisValue ReadListPoint(const YamlNode& node, GivenFields& given, Complaints& complaints) {
  AxisValue value = {.position = node.position, .donor = {}, .fields = {}, .given = {}};
  if (node.kind != YamlNode::Kind::kMap || node.entries.empty()) {
    complaints.Add(node.position,
                   Format("a point of list is {}; it must be a map of paths to values, such as "
                          "{{architecture.depth: [4, 4, 4], seed: 1}}",
                          node.kind == YamlNode::Kind::kMap ? "empty" : NameOf(node.kind)));
    return value;
  }
  for (const YamlEntry& entry : node.entries) {
    const Field* const field = FindPath("field", entry, complaints);
    if (field == nullptr) continue;
    value.fields.push_back(field);
  }
  // A whole part, such as "architecture", comes before a field of it.
  std::ranges::sort(value.fields, {}, &Field::path);
  for (const Field* field : value.fields) {
    ReadField(*field, "list", FindEntry(node, field->path)->value, value.donor, value.given,
              complaints);
  }
  NoteInvalid(value.given, given);
  return value;
}

}  // namespace

int64_t Axis::Size() const {
  const auto size = static_cast<int64_t>(values.size());
  static_assert(kStages == 3);
  return per_stage != nullptr ? size * size * size : size;
}

bool Axis::Sets(const Field& field, int64_t index) const {
  if (per_stage != nullptr) return per_stage == &field;
  return std::ranges::find(At(index).fields, &field) != At(index).fields.end();
}

void Axis::Apply(const Field& field, int64_t index, TrialSpec& spec) const {
  CHECK(index >= 0 && index < Size());
  if (per_stage == nullptr) return CopyField(field, At(index).donor, spec);
  PerStage<int>& stages = StagesOf(field, spec);
  const auto size = static_cast<int64_t>(values.size());
  for (size_t stage = stages.size(); stage-- > 0; index /= size) {
    stages[stage] = StagesOf(field, values[static_cast<size_t>(index % size)].donor)[stage];
  }
}

std::vector<const Field*> Axis::Fields() const {
  std::vector<const Field*> all;
  for (const AxisValue& value : values) {
    for (const Field* field : value.fields) {
      if (std::ranges::find(all, field) == all.end()) all.push_back(field);
    }
  }
  return all;
}

std::optional<Axis> ReadAxis(std::string_view section, const YamlEntry& entry, GivenFields& given,
                             Complaints& complaints) {
  const Field* const field = FindPath("axis", entry, complaints);
  if (field == nullptr) return std::nullopt;
  Axis axis = {
      .name = Format("{}.{}", section, field->path), .position = entry.position, .values = {}};
  if (const YamlNode* const list = FindList(axis, *field, entry, complaints); list == nullptr) {
    given.insert_or_assign(entry.key, GivenField{entry.position, false});
  } else if (entry.value.kind == YamlNode::Kind::kMap) {
    ReadPerStage(*field, *list, axis, given, complaints);
  } else {
    for (const YamlNode& item : list->items) {
      ReadValue(section, *field, item, axis, given, complaints);
    }
  }
  if (axis.values.empty()) return std::nullopt;
  return axis;
}

std::optional<Dimension> ReadZip(const YamlEntry& zip, GivenFields& given, Complaints& complaints) {
  if (zip.value.kind != YamlNode::Kind::kMap || zip.value.entries.empty()) {
    complaints.Add(zip.value.position,
                   "zip must be a map of at least one path to its list of values");
    return std::nullopt;
  }
  Dimension dimension;
  for (const YamlEntry& entry : zip.value.entries) {
    auto axis = ReadAxis("zip", entry, given, complaints);
    if (axis) dimension.axes.push_back(*std::move(axis));
  }
  if (dimension.axes.size() != zip.value.entries.size()) return std::nullopt;
  for (const Axis& axis : dimension.axes) {
    if (axis.Size() == dimension.Size()) continue;
    complaints.Add(axis.position,
                   Format("{} has {} values and {} has {}; axes of zip change together", axis.name,
                          axis.Size(), dimension.axes.front().name, dimension.Size()));
    return std::nullopt;
  }
  return dimension;
}

std::optional<Dimension> ReadList(const YamlEntry& list, GivenFields& given,
                                  Complaints& complaints) {
  if (list.value.kind != YamlNode::Kind::kSequence || list.value.items.empty()) {
    complaints.Add(
        list.value.position,
        Format("list is {}; it must be a list of at least one point",
               list.value.kind == YamlNode::Kind::kSequence ? "empty" : NameOf(list.value.kind)));
    return std::nullopt;
  }
  Axis axis = {.name = "list", .position = list.position, .values = {}};
  for (const YamlNode& item : list.value.items) {
    axis.values.push_back(ReadListPoint(item, given, complaints));
  }
  return Dimension{{std::move(axis)}};
}

std::optional<Dimension> ReadSeeds(const YamlEntry& seeds, GivenFields& given,
                                   Complaints& complaints) {
  const Field& field = *FindField("seed");
  Axis axis = {.name = "seeds", .position = seeds.position, .values = {}};
  if (seeds.value.kind == YamlNode::Kind::kSequence && !seeds.value.items.empty()) {
    for (const YamlNode& item : seeds.value.items) {
      ReadValue("seeds", field, item, axis, given, complaints);
    }
  } else if (const auto count = ReadInteger(seeds.value, "seeds", 1, kSeedsMax, complaints)) {
    for (int64_t seed = 0; seed < *count; ++seed) {
      AxisValue value = {
          .position = seeds.value.position, .donor = {}, .fields = {&field}, .given = {}};
      value.donor.seed = static_cast<uint64_t>(seed);
      value.given.emplace(field.path, GivenField{seeds.value.position});
      axis.values.push_back(std::move(value));
    }
  }
  if (axis.values.empty()) return std::nullopt;
  return Dimension{{std::move(axis)}};
}

}  // namespace archsweep
