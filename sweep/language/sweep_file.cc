#include "sweep/language/sweep_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr size_t kNameBytesMax = 64;

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
  if (grid.value.kind != YamlNode::Kind::kMap) {
    complaints.Add(grid.value.position, Format("grid is {}; it must be a map of axes, such as "
                                               "'training.beta: [1, 6]'",
                                               NameOf(grid.value.kind)));
    return;
  }
  for (const YamlEntry& entry : grid.value.entries) {
    auto axis = ReadAxis("grid", entry, file.given, complaints);
    if (axis) file.dimensions.push_back({{*std::move(axis)}});
  }
}

// One field set by two axes would leave open which of them counts.
void RefuseRepeatedFields(const SweepFile& file, Complaints& complaints) {
  std::map<const Field*, std::string> setters;
  for (const Dimension& dimension : file.dimensions) {
    for (const Axis& axis : dimension.axes) {
      for (const Field* field : axis.Fields()) {
        const auto [known, is_new] = setters.emplace(field, axis.name);
        if (is_new) continue;
        complaints.Add(axis.position, Format("{} is set by both {} and {}", field->path,
                                             known->second, axis.name));
      }
    }
  }
}

// Everything that makes points, in the order of the file: the last dimension changes fastest.
void ReadDimensions(const YamlNode& root, SweepFile& file, Complaints& complaints) {
  const auto add = [&](std::optional<Dimension> dimension) {
    if (dimension) file.dimensions.push_back(*std::move(dimension));
  };
  for (const YamlEntry& entry : root.entries) {
    if (entry.key == "grid") ReadGrid(entry, file, complaints);
    if (entry.key == "zip") add(ReadZip(entry, file.given, complaints));
    if (entry.key == "list") add(ReadList(entry, file.given, complaints));
    if (entry.key == "seeds") add(ReadSeeds(entry, file.given, complaints));
    if (entry.key == "where") {
      file.where_position = entry.position;
      file.where = ReadWhere(entry.value, complaints);
    }
    const bool makes_points = entry.key == "grid" || entry.key == "zip" || entry.key == "list";
    if (makes_points) file.points_position = entry.position;
  }
  RefuseRepeatedFields(file, complaints);
}

void ReadSavings(const YamlNode& node, Savings& savings, Complaints& complaints) {
  const auto word = ReadWord(node, "savings", "exact or none", complaints);
  if (!word) return;
  const auto found = SavingsByName(*word);
  if (!found) return complaints.Add(node.position, found.error().message);
  savings = *found;
}

// Values that are wrong are complained about and left as they were.
void ReadAttackSetting(const AttackSetting& setting, const YamlNode& node, AttackSettings& settings,
                       Complaints& complaints) {
  std::visit(
      [&]<class Value>(Value AttackSettings::*member) {
        Value& value = settings.*member;
        if constexpr (std::is_same_v<Value, double>) {
          value = ReadCount(node, setting.key, complaints).value_or(value);
        } else if constexpr (std::is_same_v<Value, bool>) {
          value = ReadFlag(node, setting.key, complaints).value_or(value);
        } else if constexpr (std::is_same_v<Value, Savings>) {
          ReadSavings(node, value, complaints);
        } else {
          constexpr bool kIsCount = std::is_same_v<Value, int>;
          const int64_t max = kIsCount ? setting.max : std::numeric_limits<int64_t>::max();
          const auto number = ReadInteger(node, setting.key, kIsCount ? 1 : 0, max, complaints);
          if (number) value = static_cast<Value>(*number);
        }
      },
      setting.member);
}

// Reads the entries of `map` that change the attack, and complains about them.
void ReadAttackSettings(const YamlNode& map, EvaluationRequest& request, Complaints& complaints) {
  const std::vector<std::string> known = SettingKeysOf(request.attack);
  for (const YamlEntry& entry : map.entries) {
    const AttackSetting* const setting = FindAttackSetting(entry.key);
    if (setting == nullptr) continue;
    if (known.empty()) {
      complaints.Add(request.PositionOf("attack"),
                     Format("attack is {}; it has no settings", NameOf(request.attack)));
    } else if (std::ranges::find(known, entry.key) == known.end()) {
      complaints.Add(entry.position, Format("{} is not a setting of {}; those are: {}", entry.key,
                                            NameOf(request.attack), Join(known, ", ")));
    } else {
      ReadAttackSetting(*setting, entry.value, request.settings, complaints);
    }
  }
  for (const std::string& problem : Problems(request.attack, request.settings)) {
    complaints.Add(request.PositionOf(problem.substr(0, problem.find(' '))), problem);
  }
}

void ReadCheckpointRole(const YamlNode& node, CheckpointRole& role, Complaints& complaints) {
  const auto word = ReadWord(node, "checkpoint", "last or best", complaints);
  if (!word) return;
  const auto found = CheckpointRoleByName(*word);
  if (!found) return complaints.Add(node.position, found.error().message);
  role = *found;
}

// What an evaluation that is a map says beside the name of its attack.
void ReadEvaluationMap(const YamlNode& map, EvaluationRequest& request, Complaints& complaints) {
  for (const YamlEntry& entry : map.entries) {
    request.given.emplace(entry.key, entry.value.position);
  }
  ReadAttackSettings(map, request, complaints);
  if (const YamlEntry* const images = FindEntry(map, "images")) {
    request.images =
        ReadInteger(images->value, "images", 1, std::numeric_limits<int64_t>::max(), complaints)
            .value_or(0);
  }
  if (const YamlEntry* const checkpoint = FindEntry(map, "checkpoint")) {
    ReadCheckpointRole(checkpoint->value, request.checkpoint, complaints);
  }
}

void ReadEvaluation(const YamlNode& node, SweepFile& file, Complaints& complaints) {
  const bool is_map = node.kind == YamlNode::Kind::kMap;
  if (is_map) CheckMap(node, "an evaluation", EvaluationKeys(), complaints);
  const YamlNode* const attack =
      is_map ? Require(node, "an evaluation", "attack", complaints) : &node;
  if (attack == nullptr) return;
  const auto word = ReadWord(*attack, "an evaluation",
                             "the name of an attack, or a map of attack and images", complaints);
  if (!word) return;
  const auto kind = AttackByName(*word);
  if (!kind) return complaints.Add(attack->position, kind.error().message);
  EvaluationRequest request;
  request.position = node.position;
  request.attack = *kind;
  request.settings = SettingsOf(*kind);
  if (is_map) ReadEvaluationMap(node, request, complaints);
  file.evaluations.push_back(std::move(request));
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

void ReadShare(const YamlNode& resources, Resources& into, Complaints& complaints) {
  const YamlEntry* const share = FindEntry(resources, "share");
  if (share == nullptr) return;
  const auto count = ReadInteger(share->value, "resources.share", 1, kShareMax, complaints);
  if (!count) return;
  if (*count > 1 && into.gpus != 1) {
    complaints.Add(share->value.position,
                   Format("resources.share is {} and resources.gpus {}; only tasks of one GPU can "
                          "share it",
                          *count, into.gpus));
  }
  into.share = static_cast<int>(*count);
}

void ReadQueue(const YamlNode& node, QueuePolicy& queue, Complaints& complaints) {
  const std::array<std::string, 4> keys = {"order", "priority", "running_max", "failed_max"};
  if (!CheckMap(node, "queue", keys, complaints)) return;
  const auto read = [&](const std::string& key, int64_t least, int64_t most, int& value) {
    const YamlEntry* const entry = FindEntry(node, key);
    if (entry == nullptr) return;
    value = static_cast<int>(
        ReadInteger(entry->value, "queue." + key, least, most, complaints).value_or(value));
  };
  read("priority", -kPriorityMax, kPriorityMax, queue.priority);
  read("running_max", 1, kRunningMax, queue.running_max);
  read("failed_max", 0, kFailedMax, queue.failed_max);
  const YamlEntry* const order = FindEntry(node, "order");
  if (order == nullptr) return;
  const auto word = ReadWord(order->value, "queue.order", "longest or spread", complaints);
  if (!word) return;
  const auto found = SweepOrderByName(*word);
  if (!found) return complaints.Add(order->value.position, found.error().message);
  queue.order = *found;
}

void ReadResources(const YamlNode& node, SweepFile& file, Complaints& complaints) {
  const std::array<std::string, 3> keys = {"gpus", "ranks", "share"};
  file.resources_position = node.position;
  if (!CheckMap(node, "resources", keys, complaints)) return;
  const YamlNode* const gpus = Require(node, "resources", "gpus", complaints);
  if (gpus == nullptr) return;
  const auto number = ReadInteger(*gpus, "resources.gpus", 0, kRanksMax, complaints);
  file.resources.gpus = static_cast<int>(number.value_or(0));
  file.resources.ranks = std::max(1, file.resources.gpus);
  ReadShare(node, file.resources, complaints);
  const YamlEntry* const ranks = FindEntry(node, "ranks");
  if (ranks == nullptr) return;
  const auto count = ReadInteger(ranks->value, "resources.ranks", 1, kRanksMax, complaints);
  if (!count || !number) return;
  if (*number > 0 && *count != *number) {
    complaints.Add(ranks->value.position,
                   Format("resources.ranks is {} and resources.gpus {}; there is one rank for each "
                          "GPU, so leave 'ranks' out",
                          *count, *number));
  }
  file.resources.ranks = static_cast<int>(*count);
}

// A field that was given but could not be read counts as given.
bool IsGiven(const SweepFile& file, const std::string& path) {
  if (file.given.contains(path)) return true;
  const Field* const field = FindField(path);
  return std::ranges::any_of(file.dimensions, [&](const Dimension& dimension) {
    return std::ranges::any_of(dimension.axes, [&](const Axis& axis) {
      for (int64_t i = 0; i < static_cast<int64_t>(axis.values.size()); ++i) {
        if (!axis.Sets(*field, i)) return false;
      }
      return true;
    });
  });
}

// Fields without a default, in the base or as an axis. Weights that are there need no training.
void RequireFields(SweepFile& file, Complaints& complaints) {
  for (const char* path : {"dataset", "architecture", "training"}) {
    if (IsGiven(file, path)) continue;
    if (path == std::string_view("training") && IsGiven(file, "weights")) continue;
    complaints.Add(file.base_position, Format("base has no '{}'", path));
    file.given.insert_or_assign(path, GivenField{file.base_position, false});
  }
}

}  // namespace

std::vector<std::string> SweepFileKeys() {
  return {"name",  "include", "base",        "grid",      "zip",  "list",
          "seeds", "where",   "evaluations", "resources", "queue"};
}

std::vector<std::string> EvaluationKeys() {
  std::vector<std::string> keys = {"attack", "images", "checkpoint"};
  for (const AttackSetting& setting : AttackSettingTable()) keys.emplace_back(setting.key);
  return keys;
}

Position EvaluationRequest::PositionOf(std::string_view key) const {
  const auto found = given.find(key);
  return found != given.end() ? found->second : position;
}

SweepFile ReadSweepFile(const YamlNode& root, Complaints& complaints) {
  SweepFile file;
  file.base.numerics = {"", ""};
  if (!CheckMap(root, "the sweep file", SweepFileKeys(), complaints)) return file;
  if (const auto* node = Require(root, "the sweep file", "name", complaints)) {
    ReadName(*node, file, complaints);
  }
  const YamlNode* const base = Require(root, "the sweep file", "base", complaints);
  if (base != nullptr) ReadBase(*base, file, complaints);
  ReadDimensions(root, file, complaints);
  if (const auto* node = Require(root, "the sweep file", "evaluations", complaints)) {
    ReadEvaluations(*node, file, complaints);
  }
  if (const auto* resources = FindEntry(root, "resources")) {
    ReadResources(resources->value, file, complaints);
  }
  if (const auto* queue = FindEntry(root, "queue")) {
    ReadQueue(queue->value, file.queue, complaints);
  }
  if (base == nullptr || base->kind != YamlNode::Kind::kMap) {
    for (const std::string& key : KeysOf("")) {
      file.given.insert_or_assign(key, GivenField{root.position, false});
    }
    return file;
  }
  RequireFields(file, complaints);
  return file;
}

}  // namespace archsweep
