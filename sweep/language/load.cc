#include "sweep/language/load.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "sweep/language/expansion.h"
#include "sweep/language/presets.h"
#include "sweep/language/yaml_document.h"

namespace archsweep {
namespace {

bool MeansFile(const std::string& name) {
  if (name.find('/') != std::string::npos || name.ends_with(".yaml") || name.ends_with(".yml")) {
    return true;
  }
  // A folder of the name of a preset does not hide it.
  std::error_code ignored;
  return std::filesystem::exists(name, ignored) && !std::filesystem::is_directory(name, ignored);
}

}  // namespace

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const Preset& preset : Presets()) names.emplace_back(preset.name);
  return names;
}

Result<ExpandedSweep> LoadSweep(const std::string& file_or_preset) {
  if (MeansFile(file_or_preset)) {
    TRY_ASSIGN(const std::string text, ReadFile(file_or_preset, kYamlBytesMax));
    return ExpandSweep(file_or_preset, text);
  }
  for (const Preset& preset : Presets()) {
    if (preset.name == file_or_preset) return ExpandSweep(preset.name, preset.text);
  }
  const std::vector<std::string> names = PresetNames();
  return Fail(ErrorKind::kInvalidInput,
              Format("'{}' is neither a sweep file nor a preset{}; presets are: {}", file_or_preset,
                     Suggestion(file_or_preset, names), Join(names, ", ")));
}

}  // namespace archsweep
