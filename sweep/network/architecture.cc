#include "sweep/network/architecture.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "sweep/network/build_graph.h"

namespace archsweep {
namespace {

void CheckStages(std::string_view key, const PerStage<int>& values, int max,
                 std::vector<std::string>& problems) {
  for (size_t stage = 0; stage < values.size(); ++stage) {
    if (values[stage] >= 1 && values[stage] <= max) continue;
    problems.push_back(Format("{} of stage {} is {}; it must be from 1 to {}", key, stage + 1,
                              values[stage], max));
  }
}

void CheckKernels(const ArchitectureSpec& spec, std::vector<std::string>& problems) {
  for (size_t stage = 0; stage < kStages; ++stage) {
    const int kernel = spec.kernel[stage];
    if (kernel >= 1 && kernel <= kKernelMax && kernel % 2 == 1) continue;
    problems.push_back(Format("kernel of stage {} is {}; it must be an odd number from 1 to {}",
                              stage + 1, kernel, kKernelMax));
  }
}

void CheckOrder(const ArchitectureSpec& spec, std::vector<std::string>& problems) {
  if (spec.order == LayerOrder::kPre) return;
  for (const BlockType* type : spec.block) {
    if (type->can_be_post) continue;
    problems.push_back(Format("order is post; the block {} is defined for pre only", type->name));
    return;
  }
}

void CheckRanges(const ArchitectureSpec& spec, std::vector<std::string>& problems) {
  for (const BlockSetting& setting : BlockSettings()) {
    const auto given = spec.settings.find(setting.key);
    if (given == spec.settings.end() || !setting.words.empty()) continue;
    if (given->second >= 1 && given->second <= setting.max) continue;
    problems.push_back(
        Format("{} is {}; it must be from 1 to {}", setting.key, given->second, setting.max));
  }
}

// A number is written once for all blocks, so those whose fallbacks differ leave none. Words are
// written only where they are not the fallback.
void CheckFallbacks(const ArchitectureSpec& spec, std::vector<std::string>& problems) {
  std::map<std::string_view, const BlockType*> first;
  for (size_t stage = 0; stage < kStages; ++stage) {
    const BlockType* const type = spec.block[stage];
    const SettingValues values = SettingsOf(spec, stage);
    for (const BlockSetting& setting : type->settings) {
      if (spec.settings.contains(setting.key) || !setting.words.empty()) continue;
      if (!HasEffect(setting, values)) continue;
      const BlockType* const known = first.try_emplace(setting.key, type).first->second;
      if (known->Find(setting.key)->fallback == setting.fallback) continue;
      problems.push_back(Format("{} must be given, for the blocks {} and {} have it differently",
                                setting.key, known->name, type->name));
    }
  }
}

void CheckBlocks(const ArchitectureSpec& spec, std::vector<std::string>& problems) {
  for (size_t stage = 0; stage < kStages; ++stage) {
    const BlockType& type = *spec.block[stage];
    if (!type.check) continue;
    const int planes = StagePlanes(static_cast<int>(stage), spec.width[stage]);
    for (const std::string& problem : type.check(planes, SettingsOf(spec, stage))) {
      const std::string text = Format("{}, in stage {}", problem, stage + 1);
      if (std::ranges::find(problems, text) == problems.end()) problems.push_back(text);
    }
  }
}

// Group norms need channels that their groups divide; two blocks a stage show all that there are.
void CheckGroupNorms(const ArchitectureSpec& spec, int image_size,
                     std::vector<std::string>& problems) {
  if (std::ranges::find(spec.norm, NormKind::kGroup) == spec.norm.end()) return;
  ArchitectureSpec shallow = spec;
  for (int& depth : shallow.depth) depth = std::min(depth, 2);
  for (const Node& node : BuildUnchecked(shallow, image_size, 1).nodes) {
    const auto* norm = std::get_if<GroupNorm>(&node.operation);
    if (norm == nullptr || norm->groups > 0) continue;
    problems.push_back(
        Format("norm is group, which needs at least 8 channels that are a multiple "
               "of channels / 8; {} has {}",
               node.name, node.output.channels));
    return;
  }
}

template <class Values, class Name>
std::string StageText(const Values& values, const Name& name) {
  if (values.IsUniform()) return std::string(name(values[0]));
  return Format("{}/{}/{}", name(values[0]), name(values[1]), name(values[2]));
}

std::string Dashed(const PerStage<int>& values) {
  return Format("{}-{}-{}", values[0], values[1], values[2]);
}

}  // namespace

SettingValues SettingsOf(const ArchitectureSpec& spec, size_t stage) {
  SettingValues values;
  for (const BlockSetting& setting : spec.block[stage]->settings) {
    const auto given = spec.settings.find(setting.key);
    values[setting.key] = given == spec.settings.end() ? setting.fallback : given->second;
  }
  return values;
}

std::vector<std::string> Problems(const ArchitectureSpec& spec, int image_size) {
  if (spec.cells.genotype != nullptr) return Problems(spec.cells, image_size);
  std::vector<std::string> problems;
  CheckStages("depth", spec.depth, kDepthMax, problems);
  CheckStages("width", spec.width, kWidthMax, problems);
  CheckKernels(spec, problems);
  CheckOrder(spec, problems);
  CheckRanges(spec, problems);
  CheckFallbacks(spec, problems);
  // What follows computes with the values.
  if (problems.empty()) CheckBlocks(spec, problems);
  if (problems.empty()) CheckGroupNorms(spec, image_size, problems);
  return problems;
}

std::vector<std::string> ReadingsOf(const ArchitectureSpec& spec) {
  std::vector<std::string> readings;
  if (spec.cells.genotype != nullptr) return readings;
  const auto add = [&](std::string reading) {
    if (std::ranges::find(readings, reading) == readings.end()) {
      readings.push_back(std::move(reading));
    }
  };
  for (size_t stage = 0; stage < kStages; ++stage) {
    const BlockType& type = *spec.block[stage];
    for (const auto& [text, when] : type.readings) {
      const SettingValues settings = SettingsOf(spec, stage);
      const auto setting = settings.find(when);
      const bool matters = when.empty() || (when == "post" && spec.order == LayerOrder::kPost) ||
                           (setting != settings.end() && setting->second != 0);
      if (matters) add(Format("block {}: {}", type.name, text));
    }
  }
  if (spec.order == LayerOrder::kPost) {
    add("order post: a norm and an activation behind the stem, none before the pooling");
  }
  return readings;
}

std::string BlockText(const ArchitectureSpec& spec) {
  if (spec.cells.genotype != nullptr) return spec.cells.genotype->name;
  return StageText(spec.block, [](const BlockType* type) { return type->name; });
}

std::string ActivationText(const ArchitectureSpec& spec) {
  if (spec.cells.genotype != nullptr) return std::string(NameOf(ActivationKind::kRelu));
  return StageText(spec.activation, [](ActivationKind kind) { return NameOf(kind); });
}

std::string SizeText(const ArchitectureSpec& spec) {
  if (const Genotype* genotype = spec.cells.genotype) {
    return Format("{} {} layers of {} channels", genotype->name, spec.cells.layers,
                  spec.cells.channels);
  }
  return Format("D {} W {}", Dashed(spec.depth), Dashed(spec.width));
}

std::string_view NameOf(LayerOrder order) { return order == LayerOrder::kPre ? "pre" : "post"; }

Result<LayerOrder> OrderByName(std::string_view name) {
  if (name == "pre") return LayerOrder::kPre;
  if (name == "post") return LayerOrder::kPost;
  return Fail(ErrorKind::kInvalidInput, Format("unknown order '{}'; known are: pre, post", name));
}

}  // namespace archsweep
