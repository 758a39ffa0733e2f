#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sweep/language/complaints.h"
#include "sweep/language/fields.h"
#include "sweep/language/yaml_document.h"

namespace archsweep {

// A field that a file gives. One that could not be read keeps its default, and no more is said
// about it.
struct GivenField {
  Position position;
  bool valid = true;
};
using GivenFields = std::map<std::string, GivenField, std::less<>>;  // By path.

// Reads `node` as the value of `field` into `spec`, and notes in `given` what was given: the field,
// and the fields within it. `section` is "base" or "grid", for messages.
void ReadField(const Field& field, std::string_view section, const YamlNode& node, TrialSpec& spec,
               GivenFields& given, Complaints& complaints);

// Complains unless `node` is a map (false), and about keys of it that are not in `known`.
// `name` is how messages call the map.
bool CheckMap(const YamlNode& node, std::string_view name, std::span<const std::string> known,
              Complaints& complaints);

// Null if the map has no such key.
const YamlEntry* FindEntry(const YamlNode& map, std::string_view key);

// The text of a word or name; complains and gives nothing if `node` is not a single value.
std::optional<std::string> ReadWord(const YamlNode& node, std::string_view name,
                                    std::string_view wanted, Complaints& complaints);

// A whole number from `min` to `max`.
std::optional<int64_t> ReadInteger(const YamlNode& node, std::string_view name, int64_t min,
                                   int64_t max, Complaints& complaints);

// A finite number, which may end in k, M, G or T for its power of 1000.
std::optional<double> ReadCount(const YamlNode& node, std::string_view name,
                                Complaints& complaints);

// true or false.
std::optional<bool> ReadFlag(const YamlNode& node, std::string_view name, Complaints& complaints);

}  // namespace archsweep
