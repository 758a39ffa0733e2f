#include "sweep/network/architecture.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "sweep/network/blocks.h"

namespace archsweep {
namespace {

constexpr std::array kBlockKinds = {BlockKind::kBasic, BlockKind::kRobust};
constexpr std::array kActivationKinds = {ActivationKind::kRelu, ActivationKind::kSilu};

template <class Kind, size_t n>
Result<Kind> KindByName(const std::array<Kind, n>& kinds, std::string_view noun,
                        std::string_view name) {
  std::vector<std::string> names;
  for (const Kind kind : kinds) {
    if (NameOf(kind) == name) return kind;
    names.emplace_back(NameOf(kind));
  }
  return Fail(ErrorKind::kInvalidInput, Format("unknown {} '{}'{}; known are: {}", noun, name,
                                               Suggestion(name, names), Join(names, ", ")));
}

void CheckStages(std::string_view key, const std::array<int, kStages>& values, int max,
                 std::vector<std::string>& problems) {
  for (size_t stage = 0; stage < values.size(); ++stage) {
    if (values[stage] >= 1 && values[stage] <= max) continue;
    problems.push_back(Format("{} of stage {} is {}; it must be from 1 to {}", key, stage + 1,
                              values[stage], max));
  }
}

void CheckRange(std::string_view key, int value, int max, std::vector<std::string>& problems) {
  if (value >= 1 && value <= max) return;
  problems.push_back(Format("{} is {}; it must be from 1 to {}", key, value, max));
}

// What the settings of the blocks make of the widths, all within their ranges.
void CheckRobustChannels(const ArchitectureSpec& spec, std::vector<std::string>& problems) {
  const RobustBlockSpec& robust = spec.robust;
  for (int stage = 0; stage < kStages; ++stage) {
    const int planes = StagePlanes(stage, spec.width[static_cast<size_t>(stage)]);
    const int channels = RobustScaleChannels(planes, robust);
    if (channels < 1) {
      problems.push_back(
          Format("base_width {} leaves no channel in stage {}, whose planes are {}; "
                 "planes * base_width / 160 must be at least 1",
                 robust.base_width, stage + 1, planes));
    }
    if (channels * robust.scales > kInnerChannelsMax) {
      problems.push_back(Format("scales {} times {} channels in stage {} is more than {}",
                                robust.scales, channels, stage + 1, kInnerChannelsMax));
    }
    if (kRobustExpansion * planes < robust.se_reduction) {
      problems.push_back(Format("se_reduction {} is more than the {} channels of stage {}",
                                robust.se_reduction, kRobustExpansion * planes, stage + 1));
    }
  }
}

Result<ArchitectureSpec> ReadFields(const Json& json) {
  ArchitectureSpec spec;
  try {
    TRY_ASSIGN(spec.block, BlockByName(json.at("block").get<std::string>()));
    TRY_ASSIGN(spec.activation, ActivationByName(json.at("activation").get<std::string>()));
    json.at("depth").get_to(spec.depth);
    json.at("width").get_to(spec.width);
    json.at("pre_process").get_to(spec.pre_process);
    if (spec.block == BlockKind::kRobust) {
      json.at("scales").get_to(spec.robust.scales);
      json.at("base_width").get_to(spec.robust.base_width);
      json.at("cardinality").get_to(spec.robust.cardinality);
      json.at("se_reduction").get_to(spec.robust.se_reduction);
    }
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, error.what());
  }
  return spec;
}

}  // namespace

std::vector<std::string> Problems(const ArchitectureSpec& spec) {
  std::vector<std::string> problems;
  CheckStages("depth", spec.depth, kDepthMax, problems);
  CheckStages("width", spec.width, kWidthMax, problems);
  if (spec.block != BlockKind::kRobust) return problems;
  CheckRange("scales", spec.robust.scales, kScalesMax, problems);
  CheckRange("base_width", spec.robust.base_width, kBaseWidthMax, problems);
  CheckRange("cardinality", spec.robust.cardinality, kCardinalityMax, problems);
  CheckRange("se_reduction", spec.robust.se_reduction, kSeReductionMax, problems);
  if (problems.empty()) CheckRobustChannels(spec, problems);
  return problems;
}

Json ToJson(const ArchitectureSpec& spec) {
  Json json = {{"block", NameOf(spec.block)},
               {"depth", spec.depth},
               {"width", spec.width},
               {"activation", NameOf(spec.activation)},
               {"pre_process", spec.pre_process}};
  if (spec.block == BlockKind::kRobust) {
    json["scales"] = spec.robust.scales;
    json["base_width"] = spec.robust.base_width;
    json["cardinality"] = spec.robust.cardinality;
    json["se_reduction"] = spec.robust.se_reduction;
  }
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

std::string_view NameOf(BlockKind kind) {
  switch (kind) {
    case BlockKind::kBasic:
      return "basic";
    case BlockKind::kRobust:
      return "robust";
  }
  return "";
}

std::string_view NameOf(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kRelu:
      return "relu";
    case ActivationKind::kSilu:
      return "silu";
  }
  return "";
}

Result<BlockKind> BlockByName(std::string_view name) {
  return KindByName(kBlockKinds, "block", name);
}

Result<ActivationKind> ActivationByName(std::string_view name) {
  return KindByName(kActivationKinds, "activation", name);
}

}  // namespace archsweep
