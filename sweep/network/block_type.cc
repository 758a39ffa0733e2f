#include "sweep/network/block_type.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

std::vector<BlockSetting> CollectSettings() {
  std::vector<BlockSetting> all;
  for (const BlockType& type : BlockTypes()) {
    for (const BlockSetting& setting : type.settings) {
      const auto known = std::ranges::find(all, setting.key, &BlockSetting::key);
      if (known == all.end()) {
        all.push_back(setting);
        continue;
      }
      CHECK(known->words == setting.words && known->max == setting.max &&
            known->needs == setting.needs);
    }
  }
  return all;
}

}  // namespace

const BlockSetting* BlockType::Find(std::string_view key) const {
  const auto found = std::ranges::find(settings, key, &BlockSetting::key);
  return found == settings.end() ? nullptr : &*found;
}

Result<const BlockType*> BlockByName(std::string_view name) {
  std::vector<std::string> names;
  for (const BlockType& type : BlockTypes()) {
    if (type.name == name) return &type;
    names.push_back(type.name);
  }
  return Fail(ErrorKind::kInvalidInput, Format("unknown block '{}'{}; known are: {}", name,
                                               Suggestion(name, names), Join(names, ", ")));
}

const BlockType* KnownBlock(std::string_view name) {
  const auto found = BlockByName(name);
  CHECK(found.has_value());
  return *found;
}

std::span<const BlockSetting> BlockSettings() {
  static const std::vector<BlockSetting> kSettings = CollectSettings();
  return kSettings;
}

bool HasEffect(const BlockSetting& setting, const SettingValues& values) {
  return setting.needs.empty() || values.at(setting.needs) != 0;
}

std::string SettingText(const BlockSetting& setting, int value) {
  if (setting.words.empty()) return Format("{}", value);
  CHECK(value >= 0 && static_cast<size_t>(value) < setting.words.size());
  return setting.words[static_cast<size_t>(value)];
}

}  // namespace archsweep
