#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "sweep/network/architecture.h"

namespace archsweep {
namespace {

// One value where all stages have the same, otherwise a list.
template <class T, class Convert>
Json StagesToJson(const PerStage<T>& stages, const Convert& convert) {
  if (stages.IsUniform()) return Json(convert(stages[0]));
  Json list = Json::array();
  for (const T& value : stages) list.push_back(convert(value));
  return list;
}

template <class T, class Convert>
Status StagesFromJson(const Json& json, const Convert& convert, PerStage<T>& stages) {
  if (!json.is_array()) {
    TRY_ASSIGN(const T value, convert(json));
    stages = value;
    return {};
  }
  if (json.size() != kStages) return Fail(ErrorKind::kInvalidInput, "a list is not of three");
  for (size_t stage = 0; stage < kStages; ++stage) {
    TRY_ASSIGN(stages[stage], convert(json[stage]));
  }
  return {};
}

// Depths and widths have always been lists.
Json ListOf(const PerStage<int>& values) { return {values[0], values[1], values[2]}; }

constexpr auto kBlockName = [](const BlockType* type) { return type->name; };
constexpr auto kKindName = [](auto kind) { return NameOf(kind); };
constexpr auto kItself = [](int value) { return value; };

const auto kToBlock = [](const Json& json) { return BlockByName(json.get<std::string>()); };
const auto kToActivation = [](const Json& json) {
  return ActivationByName(json.get<std::string>());
};
const auto kToNorm = [](const Json& json) { return NormByName(json.get<std::string>()); };
const auto kToInt = [](const Json& json) -> Result<int> { return json.get<int>(); };

// Numbers always; words, which came later, where they differ from the fallback.
void SettingsToJson(const ArchitectureSpec& spec, Json& json) {
  for (size_t stage = 0; stage < kStages; ++stage) {
    const SettingValues values = SettingsOf(spec, stage);
    for (const BlockSetting& setting : spec.block[stage]->settings) {
      const int value = values.at(setting.key);
      if (!HasEffect(setting, values)) continue;
      if (setting.words.empty()) {
        json[setting.key] = value;
      } else if (value != setting.fallback) {
        json[setting.key] = SettingText(setting, value);
      }
    }
  }
}

Status SettingsFromJson(const Json& json, ArchitectureSpec& spec) {
  for (const BlockSetting& setting : BlockSettings()) {
    const auto found = json.find(setting.key);
    if (found == json.end()) continue;
    if (setting.words.empty()) {
      spec.settings[setting.key] = found->get<int>();
      continue;
    }
    const auto word = std::ranges::find(setting.words, found->get<std::string>());
    if (word == setting.words.end()) {
      return Fail(ErrorKind::kInvalidInput, Format("{} is {}; it must be one of: {}", setting.key,
                                                   found->dump(), Join(setting.words, ", ")));
    }
    spec.settings[setting.key] = static_cast<int>(word - setting.words.begin());
  }
  return {};
}

Status CellsFromJson(const Json& json, ArchitectureSpec& spec) {
  TRY_ASSIGN(spec.cells.genotype, GenotypeByName(json.at("cells").get<std::string>()));
  json.at("channels").get_to(spec.cells.channels);
  json.at("layers").get_to(spec.cells.layers);
  return {};
}

Status StagedFromJson(const Json& json, ArchitectureSpec& spec) {
  TRY(StagesFromJson(json.at("block"), kToBlock, spec.block));
  TRY(StagesFromJson(json.at("depth"), kToInt, spec.depth));
  TRY(StagesFromJson(json.at("width"), kToInt, spec.width));
  TRY(StagesFromJson(json.at("activation"), kToActivation, spec.activation));
  TRY(StagesFromJson(json.value("norm", Json("batch")), kToNorm, spec.norm));
  TRY(StagesFromJson(json.value("kernel", Json(3)), kToInt, spec.kernel));
  TRY_ASSIGN(spec.order, OrderByName(json.value("order", "pre")));
  return SettingsFromJson(json, spec);
}

Result<ArchitectureSpec> ReadFields(const Json& json) {
  ArchitectureSpec spec;
  try {
    json.at("pre_process").get_to(spec.pre_process);
    TRY(json.contains("cells") ? CellsFromJson(json, spec) : StagedFromJson(json, spec));
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, error.what());
  }
  return spec;
}

}  // namespace

Json ToJson(const ArchitectureSpec& spec) {
  Json json = {{"pre_process", spec.pre_process}};
  if (spec.cells.genotype != nullptr) {
    json["cells"] = spec.cells.genotype->name;
    json["channels"] = spec.cells.channels;
    json["layers"] = spec.cells.layers;
    return json;
  }
  json["block"] = StagesToJson(spec.block, kBlockName);
  json["depth"] = ListOf(spec.depth);
  json["width"] = ListOf(spec.width);
  json["activation"] = StagesToJson(spec.activation, kKindName);
  if (spec.norm != NormKind::kBatch) json["norm"] = StagesToJson(spec.norm, kKindName);
  if (spec.kernel != 3) json["kernel"] = StagesToJson(spec.kernel, kItself);
  if (spec.order != LayerOrder::kPre) json["order"] = NameOf(spec.order);
  SettingsToJson(spec, json);
  return json;
}

Result<ArchitectureSpec> ParseArchitecture(const Json& json) {
  const auto with_context = [](Error error) {
    return WithContext(std::move(error), "architecture");
  };
  TRY_ASSIGN(const ArchitectureSpec spec, ReadFields(json).map_error(with_context));
  if (const std::vector<std::string> problems = Problems(spec); !problems.empty()) {
    return Fail(ErrorKind::kInvalidInput, "architecture: " + Join(problems, "; "));
  }
  if (ToJson(spec) != json) {
    return Fail(ErrorKind::kInvalidInput,
                "architecture: has fields or values that this version does not know");
  }
  return spec;
}

}  // namespace archsweep
