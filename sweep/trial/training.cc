#include "sweep/trial/training.h"

#include <cmath>
#include <string_view>
#include <type_traits>

#include "base/text.h"
#include "sweep/trial/training_setting.h"

namespace archsweep {
namespace {

bool IsWithin(double value, const Bounds& bounds) {
  return (bounds.without_min ? value > bounds.min : value >= bounds.min) &&
         (bounds.without_max ? value < bounds.max : value <= bounds.max);
}

// "be above 0 and at most 255"
std::string TextOf(const Bounds& bounds) {
  const bool is_open = std::isinf(bounds.max);
  if (bounds.without_min) {
    const std::string above = Format("be above {}", bounds.min);
    if (is_open) return above;
    return Format("{} and {} {}", above, bounds.without_max ? "below" : "at most", bounds.max);
  }
  if (is_open) return bounds.min == 0 ? "not be negative" : Format("be at least {}", bounds.min);
  return Format("be from {} to {}{}", bounds.min, bounds.without_max ? "below " : "", bounds.max);
}

// Whether a setting is a number, which has bounds; flags and words do not.
template <class Value>
constexpr bool kIsNumber = std::is_same_v<Value, int> || std::is_same_v<Value, double>;

template <class Value>
Json WrittenForm(const TrainingSetting& setting, Value value) {
  if constexpr (std::is_enum_v<Value>) {
    return setting.words[static_cast<size_t>(value)];
  } else {
    return value;
  }
}

template <class Value>
Status ReadWritten(const TrainingSetting& setting, const Json& json, Value& value) {
  if constexpr (std::is_enum_v<Value>) {
    const auto word = json.get<std::string>();
    for (size_t i = 0; i < setting.words.size(); ++i) {
      if (setting.words[i] != word) continue;
      value = static_cast<Value>(i);
      return {};
    }
    return Fail(
        ErrorKind::kInvalidInput,
        Format("training settings: {} '{}' is not known to this version", setting.key, word));
  } else {
    json.get_to(value);
    return {};
  }
}

void RequireFit(const TrainingSpec& spec, std::vector<std::string>& problems) {
  const auto require = [&](bool holds, std::string problem) {
    if (!holds) problems.push_back(std::move(problem));
  };
  require(spec.batch_norm_group < 1 || spec.batch_size % spec.batch_norm_group == 0,
          Format("batch_size {} is not a multiple of batch_norm_group {}", spec.batch_size,
                 spec.batch_norm_group));
  require(!spec.cutmix || spec.objective == Objective::kTrades,
          "cutmix mixes labels, which only objective trades can use");
}

}  // namespace

std::vector<std::string> Problems(const TrainingSpec& spec) {
  std::vector<std::string> problems;
  for (const TrainingSetting& setting : TrainingSettings()) {
    std::visit(
        [&](auto member) {
          const auto value = spec.*member;
          if constexpr (kIsNumber<std::remove_cv_t<decltype(value)>>) {
            if (IsWithin(value, setting.bounds)) return;
            problems.push_back(
                Format("{} is {}; it must {}", setting.key, value, TextOf(setting.bounds)));
          }
        },
        setting.member);
  }
  RequireFit(spec, problems);
  return problems;
}

Json ToJson(const TrainingSpec& spec) {
  static const TrainingSpec kDefaults;
  Json json = Json::object();
  for (const TrainingSetting& setting : TrainingSettings()) {
    std::visit(
        [&](auto member) {
          if (!setting.always_written && spec.*member == kDefaults.*member) return;
          json[setting.key] = WrittenForm(setting, spec.*member);
        },
        setting.member);
  }
  return json;
}

Result<TrainingSpec> ParseTraining(const Json& json) {
  TrainingSpec spec;
  try {
    for (const TrainingSetting& setting : TrainingSettings()) {
      if (!setting.always_written && !json.contains(setting.key)) continue;
      TRY(std::visit(
          [&](auto member) { return ReadWritten(setting, json.at(setting.key), spec.*member); },
          setting.member));
    }
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, Format("training settings: {}", error.what()));
  }
  return spec;
}

}  // namespace archsweep
