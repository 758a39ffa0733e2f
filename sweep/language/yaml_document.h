#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/language/complaints.h"

namespace archsweep {

inline constexpr size_t kYamlBytesMax = size_t{1} << 20;
inline constexpr int kYamlDepthMax = 16;          // Containers within containers.
inline constexpr size_t kYamlNodesMax = 100'000;  // Keys and values.

struct YamlEntry;

// A value with its place in the file. Scalars stay text: the reader of a key decides their type.
struct YamlNode {
  enum class Kind { kNothing, kScalar, kSequence, kMap };

  Kind kind = Kind::kNothing;
  Position position;
  std::string text;                // Of a scalar.
  bool quoted = false;             // Of a scalar: written in quotes, and so a text.
  std::vector<YamlNode> items;     // Of a sequence.
  std::vector<YamlEntry> entries;  // Of a map, in the order of the file; keys differ.
};

struct YamlEntry {
  std::string key;
  Position position;
  YamlNode value;  // Of kind kNothing, and at the position of the key, where no value is written.
};

// Reads the one document of `text`. Nothing if there is anything wrong, which includes what YAML
// allows but a sweep file does not: duplicate keys, keys that are not words, anchors, aliases,
// merge keys, tags, a second document, control characters, and more than the bounds above. Takes
// time and memory proportional to the text.
std::optional<YamlNode> ParseYaml(std::string_view text, Complaints& complaints);

// "a list", for messages.
std::string_view NameOf(YamlNode::Kind kind);

}  // namespace archsweep
