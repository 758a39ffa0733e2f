#include "sweep/language/read_field.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/sha256.h"
#include "base/text.h"
#include "sweep/trial/recipe.h"

namespace archsweep {
namespace {

// A value to be read, with what its readers need to complain about it.
struct Value {
  const YamlNode& node;
  std::string name;  // "base.training.beta"
  TrialSpec& spec;   // What the fields within the value are read into.
  GivenFields& given;
  Complaints& complaints;

  bool Refuse(const std::string& message) const {
    complaints.Add(node.position, message);
    return false;
  }
};

std::string TypeMessage(const YamlNode& node, std::string_view name, std::string_view wanted) {
  switch (node.kind) {
    case YamlNode::Kind::kNothing:
      return Format("{} has no value; it must be {}", name, wanted);
    case YamlNode::Kind::kScalar:
      return Format("{} is {}{}{}; it must be {}", name, node.quoted ? "the text \"" : "'",
                    node.text, node.quoted ? "\"" : "'", wanted);
    case YamlNode::Kind::kSequence:
    case YamlNode::Kind::kMap:
      break;
  }
  return Format("{} is {}; it must be {}", name, NameOf(node.kind), wanted);
}

bool IsPlain(const YamlNode& node) { return node.kind == YamlNode::Kind::kScalar && !node.quoted; }

bool IsDigits(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

template <class Kind>
bool Take(const Value& value, Result<Kind> found, Kind& out) {
  if (!found) return value.Refuse(Format("{}: {}", value.name, found.error().message));
  out = std::move(*found);
  return true;
}

bool Read(const Value& value, int& out) {
  const auto number = ReadInteger(value.node, value.name, std::numeric_limits<int>::min(),
                                  std::numeric_limits<int>::max(), value.complaints);
  if (number) out = static_cast<int>(*number);
  return number.has_value();
}

bool Read(const Value& value, uint64_t& out) {
  // The largest number that databases and JSON readers keep exactly as an integer.
  const auto number =
      ReadInteger(value.node, value.name, 0, std::numeric_limits<int64_t>::max(), value.complaints);
  if (number) out = static_cast<uint64_t>(*number);
  return number.has_value();
}

bool Read(const Value& value, double& out) {
  const auto number = IsPlain(value.node) ? ParseDouble(value.node.text) : std::nullopt;
  if (!number) {
    return value.Refuse(
        TypeMessage(value.node, value.name, "a finite number, such as 6, 0.1 or 1e-3"));
  }
  out = *number + 0.0;  // Makes no difference but for -0, which would be another identity.
  return true;
}

bool Read(const Value& value, bool& out) {
  const auto flag = ReadFlag(value.node, value.name, value.complaints);
  if (flag) out = *flag;
  return flag.has_value();
}

bool Read(const Value& value, const BlockType*& out) {
  const auto word = ReadWord(value.node, value.name, "the name of a block", value.complaints);
  return word && Take(value, BlockByName(*word), out);
}

bool Read(const Value& value, ActivationKind& out) {
  const auto word = ReadWord(value.node, value.name, "the name of an activation", value.complaints);
  return word && Take(value, ActivationByName(*word), out);
}

bool Read(const Value& value, NormKind& out) {
  const auto word = ReadWord(value.node, value.name, "the name of a norm", value.complaints);
  return word && Take(value, NormByName(*word), out);
}

bool Read(const Value& value, LayerOrder& out) {
  const auto word = ReadWord(value.node, value.name, "pre or post", value.complaints);
  return word && Take(value, OrderByName(*word), out);
}

bool Read(const Value& value, const Genotype*& out) {
  const auto word = ReadWord(value.node, value.name, "the name of cells", value.complaints);
  return word && Take(value, GenotypeByName(*word), out);
}

// One value for all stages, or a list of one for each.
template <class T>
bool Read(const Value& value, PerStage<T>& out) {
  if (value.node.kind == YamlNode::Kind::kScalar) {
    T everywhere{};
    if (!Read(value, everywhere)) return false;
    out = everywhere;
    return true;
  }
  if (value.node.kind != YamlNode::Kind::kSequence || value.node.items.size() != kStages) {
    return value.Refuse(TypeMessage(value.node, value.name,
                                    Format("one value for all stages or a list of {}", kStages)));
  }
  bool valid = true;
  for (size_t stage = 0; stage < out.size(); ++stage) {
    const Value item = {value.node.items[stage], value.name, value.spec, value.given,
                        value.complaints};
    valid &= Read(item, out[stage]);
  }
  return valid;
}

// The place of the word that is given.
std::optional<int> ReadChoice(const Value& value, const std::vector<std::string>& words) {
  const auto word =
      ReadWord(value.node, value.name, "one of " + Join(words, ", "), value.complaints);
  if (!word) return std::nullopt;
  const auto found = std::ranges::find(words, *word);
  if (found == words.end()) {
    value.Refuse(Format("{} is '{}'{}; it must be one of {}", value.name, *word,
                        Suggestion(*word, words), Join(words, ", ")));
    return std::nullopt;
  }
  return static_cast<int>(found - words.begin());
}

bool ReadSetting(const Value& value, const BlockSetting& setting) {
  int& out = value.spec.architecture.settings[setting.key];
  if (setting.words.empty()) return Read(value, out);
  const auto choice = ReadChoice(value, setting.words);
  if (choice) out = *choice;
  return choice.has_value();
}

bool ReadSetting(const Value& value, const TrainingSetting& setting) {
  return std::visit(
      [&](auto member) {
        auto& out = value.spec.training.*member;
        if constexpr (std::is_enum_v<std::remove_reference_t<decltype(out)>>) {
          const auto choice = ReadChoice(value, setting.words);
          if (choice) out = static_cast<std::remove_reference_t<decltype(out)>>(*choice);
          return choice.has_value();
        } else {
          return Read(value, out);
        }
      },
      setting.member);
}

// What is left to the device is resolved when the sweep is expanded.
bool Read(const Value& value, Numerics& out) {
  const auto choice = ReadChoice(value, {"fast", "reference"});
  if (choice) out = *choice == 0 ? Numerics{"", ""} : ReferenceNumerics();
  return choice.has_value();
}

bool Read(const Value& value, DatasetRef& out);
bool Read(const Value& value, ArchitectureSpec& out);
bool Read(const Value& value, TrainingSpec& out);

// Reads the entries of a map as the fields of `group`.
void ReadFieldsWithin(std::string_view group, const Value& value) {
  const std::string_view section = std::string_view(value.name).substr(0, value.name.find('.'));
  for (const YamlEntry& entry : value.node.entries) {
    const Field* const field = FindField(Format("{}.{}", group, entry.key));
    if (field == nullptr) continue;
    ReadField(*field, section, entry.value, value.spec, value.given, value.complaints);
  }
}

std::optional<std::string> ReadDigest(const Value& value, const YamlEntry& entry) {
  const std::string name = Format("{}.{}", value.name, entry.key);
  auto digest =
      ReadWord(entry.value, name, "64 hexadecimal digits in small letters", value.complaints);
  if (!digest || IsSha256Hex(*digest)) return digest;
  value.complaints.Add(
      entry.value.position,
      Format("{} is '{}'; it must be 64 hexadecimal digits in small letters", name, *digest));
  return std::nullopt;
}

// Files that are fetched may be others than the published ones; what ships is what it is. The
// published content has one name, so that it makes one identity.
bool ReadContent(const Value& value, const RegisteredDataset& dataset, const YamlEntry& entry,
                 DatasetRef& out) {
  const auto digest = ReadDigest(value, entry);
  if (!digest) return false;
  if (!dataset.archive && dataset.content != *digest) {
    value.complaints.Add(entry.value.position,
                         Format("{}.digest is not that of the published data set {}, which is {}",
                                value.name, dataset.name, dataset.content));
    return false;
  }
  out.digest = *digest == dataset.content ? dataset.digest : *digest;
  return true;
}

bool ReadExtra(const Value& value, const YamlEntry& entry, DatasetRef& out) {
  auto digest = ReadDigest(value, entry);
  if (digest) out.extra = *std::move(digest);
  return digest.has_value();
}

bool Read(const Value& value, DatasetRef& out) {
  const bool is_map = value.node.kind == YamlNode::Kind::kMap;
  const std::vector<std::string> keys = {"name", "digest", "extra"};
  if (is_map) CheckMap(value.node, value.name, keys, value.complaints);
  const auto entry = [&](std::string_view key) {
    return is_map ? FindEntry(value.node, key) : nullptr;
  };
  if (is_map && entry("name") == nullptr) {
    return value.Refuse(Format("{} has no 'name'", value.name));
  }
  const auto name =
      ReadWord(is_map ? entry("name")->value : value.node, value.name,
               "the name of a data set, or a map of name and digest", value.complaints);
  RegisteredDataset dataset;
  if (!name || !Take(value, DatasetByName(*name), dataset)) return false;
  out = {.name = dataset.name, .digest = dataset.digest};
  const YamlEntry* const digest = entry("digest");
  const YamlEntry* const extra = entry("extra");
  const bool has_content = digest == nullptr || ReadContent(value, dataset, *digest, out);
  return (extra == nullptr || ReadExtra(value, *extra, out)) && has_content;
}

bool Read(const Value& value, std::optional<std::string>& out) {
  constexpr std::string_view kWanted =
      "the SHA-256 of a safetensors file, 64 hexadecimal digits in small letters";
  const auto digest = ReadWord(value.node, value.name, kWanted, value.complaints);
  if (!digest) return false;
  if (!IsSha256Hex(*digest)) {
    return value.Refuse(Format("{} is '{}'; it must be {}", value.name, *digest, kWanted));
  }
  out = *digest;
  return true;
}

// A published network, whose depth and width count as given.
bool ReadNamed(const Value& value, const YamlNode& node, ArchitectureSpec& out) {
  const auto word = ReadWord(node, value.name, "the name of a network or a map", value.complaints);
  if (!word) return false;
  auto named = ArchitectureByName(*word);
  if (!named) {
    value.complaints.Add(node.position, Format("{}: {}", value.name, named.error().message));
    return false;
  }
  out = *std::move(named);
  if (out.cells.genotype != nullptr) return true;
  for (const std::string_view path : {"architecture.depth", "architecture.width"}) {
    value.given.insert_or_assign(std::string(path), GivenField{node.position});
  }
  return true;
}

bool Read(const Value& value, ArchitectureSpec& out) {
  out = {};
  if (value.node.kind != YamlNode::Kind::kMap) return ReadNamed(value, value.node, out);
  std::vector<std::string> keys = KeysOf("architecture");
  keys.insert(keys.begin(), "name");
  CheckMap(value.node, value.name, keys, value.complaints);
  const YamlEntry* const name = FindEntry(value.node, "name");
  if (name != nullptr && !ReadNamed(value, name->value, out)) return false;
  ReadFieldsWithin("architecture", value);
  return true;
}

bool ReadRecipe(const Value& value, const YamlNode& node, TrainingSpec& out) {
  const auto word = ReadWord(node, value.name, "the name of a recipe or a map", value.complaints);
  if (!word) return false;
  auto recipe = RecipeByName(*word);
  if (!recipe) {
    value.complaints.Add(node.position, Format("{}: {}", value.name, recipe.error().message));
    return false;
  }
  out = recipe->training;
  return true;
}

bool Read(const Value& value, TrainingSpec& out) {
  out = {};
  if (value.node.kind != YamlNode::Kind::kMap) return ReadRecipe(value, value.node, out);
  std::vector<std::string> keys = KeysOf("training");
  keys.insert(keys.begin(), "recipe");
  CheckMap(value.node, value.name, keys, value.complaints);
  const YamlEntry* const recipe = FindEntry(value.node, "recipe");
  const bool is_valid = recipe != nullptr && ReadRecipe(value, recipe->value, out);
  ReadFieldsWithin("training", value);
  if (recipe == nullptr) {
    return value.Refuse(
        Format("{} has no 'recipe'; add the one that the other keys override, "
               "such as 'recipe: bat'",
               value.name));
  }
  return is_valid;
}

}  // namespace

void ReadField(const Field& field, std::string_view section, const YamlNode& node, TrialSpec& spec,
               GivenFields& given, Complaints& complaints) {
  const Value value = {node, Format("{}.{}", section, field.path), spec, given, complaints};
  const auto read = [&](auto target) {
    if constexpr (std::is_same_v<decltype(target), SettingTarget> ||
                  std::is_same_v<decltype(target), TrainingTarget>) {
      return ReadSetting(value, *target.setting);
    } else {
      return Read(value, MemberOf(spec, target));
    }
  };
  const bool valid = std::visit(read, field.target);
  given.insert_or_assign(std::string(field.path), GivenField{node.position, valid});
}

bool CheckMap(const YamlNode& node, std::string_view name, std::span<const std::string> known,
              Complaints& complaints) {
  if (node.kind != YamlNode::Kind::kMap) {
    complaints.Add(node.position, TypeMessage(node, name, "a map"));
    return false;
  }
  for (const YamlEntry& entry : node.entries) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    const std::string suggestion = Suggestion(entry.key, known);
    complaints.Add(entry.position,
                   Format("unknown key '{}' in {}{}", entry.key, name,
                          suggestion.empty() ? "; known are: " + Join(known, ", ") : suggestion));
  }
  return true;
}

const YamlEntry* FindEntry(const YamlNode& map, std::string_view key) {
  const auto found = std::ranges::find(map.entries, key, &YamlEntry::key);
  return found == map.entries.end() ? nullptr : &*found;
}

std::optional<std::string> ReadWord(const YamlNode& node, std::string_view name,
                                    std::string_view wanted, Complaints& complaints) {
  if (node.kind == YamlNode::Kind::kScalar && !node.text.empty()) return node.text;
  complaints.Add(node.position, TypeMessage(node, name, wanted));
  return std::nullopt;
}

std::optional<int64_t> ReadInteger(const YamlNode& node, std::string_view name, int64_t min,
                                   int64_t max, Complaints& complaints) {
  const auto number = IsPlain(node) ? ParseInteger(node.text) : std::nullopt;
  if (number && *number >= min && *number <= max) return *number;
  if (number || (IsPlain(node) && IsDigits(node.text))) {
    complaints.Add(node.position,
                   Format("{} is {}; it must be from {} to {}", name, node.text, min, max));
  } else {
    complaints.Add(node.position, TypeMessage(node, name, "an integer"));
  }
  return std::nullopt;
}

std::optional<double> ReadCount(const YamlNode& node, std::string_view name,
                                Complaints& complaints) {
  auto number = IsPlain(node) ? ParseDouble(node.text) : std::nullopt;
  constexpr std::string_view kUnits = "kMGT";
  if (!number && IsPlain(node) && !node.text.empty()) {
    const size_t unit = kUnits.find(node.text.back());
    const auto digits = ParseDouble(std::string_view(node.text).substr(0, node.text.size() - 1));
    if (unit != std::string_view::npos && digits) {
      number = *digits * std::pow(1000.0, static_cast<double>(unit + 1));
    }
  }
  if (number) return *number + 0.0;
  complaints.Add(node.position, TypeMessage(node, name, "a number, such as 0.7, 4e9 or 4G"));
  return std::nullopt;
}

std::optional<bool> ReadFlag(const YamlNode& node, std::string_view name, Complaints& complaints) {
  if (IsPlain(node) && node.text == "true") return true;
  if (IsPlain(node) && node.text == "false") return false;
  complaints.Add(node.position, TypeMessage(node, name, "true or false"));
  return std::nullopt;
}

}  // namespace archsweep
