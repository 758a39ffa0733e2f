#include "sweep/language/sweep_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <utility>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr size_t kNameBytesMax = 64;
constexpr int kGpusMax = 1;

// The value under `key`, or null after complaining that there is none.
const YamlNode* Require(const YamlNode& map, std::string_view name, std::string_view key,
                        Complaints& complaints) {
  const YamlEntry* const entry = FindEntry(map, key);
  if (entry != nullptr) return &entry->value;
  complaints.Add(map.position, Format("{} has no '{}'", name, key));
  return nullptr;
}

bool IsName(std::string_view text) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return text.size() <= kNameBytesMax && !text.empty() && is_alphanumeric(text.front()) &&
         std::ranges::all_of(
             text, [&](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

void ReadName(const YamlNode& node, SweepFile& file, Complaints& complaints) {
  const auto word = ReadWord(node, "name", "a word", complaints);
  if (!word) return;
  if (!IsName(*word)) {
    complaints.Add(node.position,
                   Format("name is '{}'; it must be at most {} letters, digits, '-', '_' and '.', "
                          "and begin with a letter or digit",
                          *word, kNameBytesMax));
  }
  file.name = *word;
}

void ReadBase(const YamlNode& node, SweepFile& file, Complaints& complaints) {
  file.base_position = node.position;
  if (!CheckMap(node, "base", KeysOf(""), complaints)) return;
  for (const YamlEntry& entry : node.entries) {
    const Field* const field = FindField(entry.key);
    // A path is not a key of the base, although it is an axis.
    if (field == nullptr || entry.key.find('.') != std::string::npos) continue;
    ReadField(*field, "base", entry.value, file.base, file.given, complaints);
  }
}

void ReadGrid(const YamlEntry& grid, SweepFile& file, Complaints& complaints) {
  file.grid_position = grid.position;
  if (grid.value.kind != YamlNode::Kind::kMap) {
    complaints.Add(grid.value.position, Format("grid is {}; it must be a map of axes, such as "
                                               "'training.beta: [1, 6]'",
                                               NameOf(grid.value.kind)));
    return;
  }
  for (const YamlEntry& entry : grid.value.entries) {
    auto axis = ReadAxis(entry, file.given, complaints);
    if (axis) file.axes.push_back(*std::move(axis));
  }
}

void ReadEvaluation(const YamlNode& node, SweepFile& file, Complaints& complaints) {
  EvaluationRequest request = {.position = node.position};
  const YamlNode* attack = &node;
  if (node.kind == YamlNode::Kind::kMap) {
    const std::array<std::string, 2> keys = {"attack", "images"};
    CheckMap(node, "an evaluation", keys, complaints);
    attack = Require(node, "an evaluation", "attack", complaints);
    if (const YamlEntry* const images = FindEntry(node, "images"); images != nullptr) {
      request.position = images->value.position;
      request.images =
          ReadInteger(images->value, "images", 1, std::numeric_limits<int64_t>::max(), complaints)
              .value_or(0);
    }
  }
  if (attack == nullptr) return;
  const auto word = ReadWord(*attack, "an evaluation",
                             "the name of an attack, or a map of attack and images", complaints);
  if (!word) return;
  const auto kind = AttackByName(*word);
  if (!kind) return complaints.Add(attack->position, kind.error().message);
  request.attack = *kind;
  file.evaluations.push_back(request);
}

void ReadEvaluations(const YamlNode& node, SweepFile& file, Complaints& complaints) {
  if (node.kind != YamlNode::Kind::kSequence || node.items.empty()) {
    complaints.Add(
        node.position,
        Format("evaluations is {}; it must be a list such as [clean, pgd20]",
               node.kind == YamlNode::Kind::kSequence ? "an empty list" : NameOf(node.kind)));
    return;
  }
  for (const YamlNode& item : node.items) ReadEvaluation(item, file, complaints);
}

void ReadResources(const YamlNode& node, SweepFile& file, Complaints& complaints) {
  const std::array<std::string, 1> keys = {"gpus"};
  if (!CheckMap(node, "resources", keys, complaints)) return;
  const YamlNode* const gpus = Require(node, "resources", "gpus", complaints);
  if (gpus == nullptr) return;
  const auto number = ReadInteger(*gpus, "resources.gpus", 0, kGpusMax, complaints);
  file.resources.gpus = static_cast<int>(number.value_or(0));
}

const Axis* FindAxis(const SweepFile& file, std::string_view path) {
  const auto found =
      std::ranges::find(file.axes, path, [](const Axis& axis) { return axis.field->path; });
  return found == file.axes.end() ? nullptr : &*found;
}

// A field that was given but could not be read counts as given.
bool IsGiven(const SweepFile& file, std::string_view path) {
  return file.given.contains(path) || FindAxis(file, path) != nullptr;
}

// Fields without a default, in the base or as an axis.
void RequireFields(SweepFile& file, Complaints& complaints) {
  for (const std::string_view path : {"dataset", "architecture", "training"}) {
    if (IsGiven(file, path)) continue;
    complaints.Add(file.base_position, Format("base has no '{}'", path));
    file.given.insert_or_assign(std::string(path), GivenField{file.base_position, false});
  }
}

// Depth and width come from an axis of their own, from every value of an axis of architectures, or
// from the base.
void RequireStages(std::string_view path, SweepFile& file, Complaints& complaints) {
  if (FindAxis(file, path) != nullptr) return;
  const auto complain = [&](Position position) {
    const std::string_view key = path.substr(path.find('.') + 1);
    complaints.Add(position,
                   Format("architecture has no '{}'; give it here or as the axis {}", key, path));
    file.given.insert_or_assign(std::string(path), GivenField{position, false});
  };
  if (const Axis* const axis = FindAxis(file, "architecture"); axis != nullptr) {
    for (const AxisValue& value : axis->values) {
      if (!value.given.contains(path)) complain(value.position);
    }
    return;
  }
  const GivenField architecture = file.given.find("architecture")->second;
  if (architecture.valid && !file.given.contains(path)) complain(architecture.position);
}

bool SomeBlockIsRobust(const SweepFile& file) {
  const auto is_robust = [](const TrialSpec& spec) {
    return spec.architecture.block == BlockKind::kRobust;
  };
  return is_robust(file.base) || std::ranges::any_of(file.axes, [&](const Axis& axis) {
           return std::ranges::any_of(axis.values, is_robust, &AxisValue::donor);
         });
}

// A setting that changes nothing would be believed to change something.
void RefuseIdleSettings(const SweepFile& file, Complaints& complaints) {
  const auto is_unknown = [&](std::string_view path) {
    const auto given = file.given.find(path);
    return given != file.given.end() && !given->second.valid;
  };
  if (SomeBlockIsRobust(file) || is_unknown("architecture.block") || is_unknown("architecture")) {
    return;
  }
  for (const Field& field : Fields()) {
    if (!IsOfRobustBlock(field)) continue;
    const Axis* const axis = FindAxis(file, field.path);
    const auto given = file.given.find(field.path);
    if (axis == nullptr && given == file.given.end()) continue;
    complaints.Add(axis != nullptr ? axis->position : given->second.position,
                   Format("{} has no effect without 'block: robust'", field.path));
  }
}

}  // namespace

SweepFile ReadSweepFile(const YamlNode& root, Complaints& complaints) {
  SweepFile file;
  const std::vector<std::string> keys = {"name", "base", "grid", "evaluations", "resources"};
  if (!CheckMap(root, "the sweep file", keys, complaints)) return file;
  if (const auto* node = Require(root, "the sweep file", "name", complaints)) {
    ReadName(*node, file, complaints);
  }
  const YamlNode* const base = Require(root, "the sweep file", "base", complaints);
  if (base != nullptr) ReadBase(*base, file, complaints);
  if (const auto* grid = FindEntry(root, "grid")) ReadGrid(*grid, file, complaints);
  if (const auto* node = Require(root, "the sweep file", "evaluations", complaints)) {
    ReadEvaluations(*node, file, complaints);
  }
  if (const auto* resources = FindEntry(root, "resources")) {
    ReadResources(resources->value, file, complaints);
  }
  if (base == nullptr || base->kind != YamlNode::Kind::kMap) {
    for (const std::string& key : KeysOf("")) {
      file.given.insert_or_assign(key, GivenField{root.position, false});
    }
    return file;
  }
  RequireFields(file, complaints);
  RequireStages("architecture.depth", file, complaints);
  RequireStages("architecture.width", file, complaints);
  RefuseIdleSettings(file, complaints);
  return file;
}

}  // namespace archsweep
