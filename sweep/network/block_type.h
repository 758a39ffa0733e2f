#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sweep/network/builder.h"

namespace archsweep {

// Something that a block reads beyond what every block has, such as "cardinality": a whole number
// from 1 to `max`, or one of some words, which then is kept as its index.
struct BlockSetting {
  std::string key;  // In a sweep file, below `architecture`.
  std::string summary;
  int fallback = 1;
  int max = 1;
  std::vector<std::string> words = {};
  std::string needs = "";  // Has no effect where that setting is its first word.
};

using SettingValues = std::map<std::string, int, std::less<>>;

// Where a block stands in the network.
struct BlockPlace {
  std::string name;   // Official prefix: "blocks.0.layer.3".
  int planes = 0;     // Base channels of the stage.
  int stride = 1;     // 2 in the first block of stages 2 and 3.
  int kernel = 3;     // Of its spatial convolutions; odd.
  bool post = false;  // Activations follow the convolutions instead of preceding them.
};

// Something that no source defines, and how it is read here.
struct BlockReading {
  std::string text;
  // When it matters: always (""), in order post ("post"), or where the setting of that key is not
  // its first word.
  std::string when = "";
};

// A kind of residual block. Each is made by one file of blocks/, which is all that a new one needs:
// CMake collects them.
struct BlockType {
  std::string name;     // In a sweep file.
  std::string summary;  // One line, with its source.
  std::vector<BlockReading> readings = {};
  int expansion = 1;  // Channels that it outputs, in planes.
  bool can_be_post = false;
  std::vector<BlockSetting> settings = {};
  // Adds one block behind `x` and returns its output. `settings` holds all of the above.
  std::function<NodeId(GraphBuilder& builder, const BlockPlace& place,
                       const SettingValues& settings, NodeId x)>
      add;
  // What the values make impossible at so many planes: sentences that begin with a key. May be
  // empty.
  std::function<std::vector<std::string>(int planes, const SettingValues& settings)> check = {};

  const BlockSetting* Find(std::string_view key) const;
};

// All of them, by name. Never changes, so that pointers into it stay.
std::span<const BlockType> BlockTypes();

// kInvalidInput with the nearest name if there is none of that name.
Result<const BlockType*> BlockByName(std::string_view name);

// The same for a name that is known to exist (asserted).
const BlockType* KnownBlock(std::string_view name);

// The settings of all blocks, each key once. Blocks that share a key agree on all but its fallback
// (asserted).
std::span<const BlockSetting> BlockSettings();

// Whether the setting decides anything, given all settings of its block.
bool HasEffect(const BlockSetting& setting, const SettingValues& values);

// The word of `setting` that `value` stands for, or the number.
std::string SettingText(const BlockSetting& setting, int value);

}  // namespace archsweep
