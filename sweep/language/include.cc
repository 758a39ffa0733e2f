#include "sweep/language/include.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "sweep/language/presets.h"

namespace archsweep {
namespace {

void MoveTo(Position position, YamlNode& node) {
  node.position = position;
  for (YamlNode& item : node.items) MoveTo(position, item);
  for (YamlEntry& entry : node.entries) {
    entry.position = position;
    MoveTo(position, entry.value);
  }
}

// Lays `own` over `preset`.
void Merge(const YamlNode& own, YamlNode& preset) {
  if (own.kind != YamlNode::Kind::kMap || preset.kind != YamlNode::Kind::kMap) {
    preset = own;
    return;
  }
  preset.position = own.position;
  for (const YamlEntry& entry : own.entries) {
    const auto found = std::ranges::find(preset.entries, entry.key, &YamlEntry::key);
    if (found == preset.entries.end()) {
      preset.entries.push_back(entry);
    } else if (entry.value.kind == YamlNode::Kind::kNothing) {
      preset.entries.erase(found);
    } else {
      found->position = entry.position;
      Merge(entry.value, found->value);
    }
  }
}

// The tree of the preset that `include` names, or nothing after complaining.
std::optional<YamlNode> PresetOf(const YamlNode& include, Complaints& complaints) {
  for (const Preset& preset : Presets()) {
    if (preset.name != include.text) continue;
    Complaints none{std::string(preset.name)};
    std::optional<YamlNode> tree = ParseYaml(preset.text, none);
    CHECK(tree.has_value());
    return tree;
  }
  const std::vector<std::string> names = PresetNames();
  complaints.Add(include.position,
                 Format("include is '{}'{}; it must be the name of a preset: {}", include.text,
                        Suggestion(include.text, names), Join(names, ", ")));
  return std::nullopt;
}

}  // namespace

void IncludePreset(YamlNode& root, Complaints& complaints) {
  if (root.kind != YamlNode::Kind::kMap) return;
  const auto include = std::ranges::find(root.entries, "include", &YamlEntry::key);
  if (include == root.entries.end()) return;
  std::optional<YamlNode> preset = PresetOf(include->value, complaints);
  const Position position = include->position;
  root.entries.erase(include);
  if (!preset) return;
  MoveTo(position, *preset);
  std::erase_if(preset->entries, [](const YamlEntry& entry) { return entry.key == "name"; });
  Merge(root, *preset);
  root = *std::move(preset);
}

}  // namespace archsweep
