#include "sweep/attempt/progress.h"

#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

// One description of each line's fields serves writing and reading: `fields` visits (key, member)
// pairs.
template <class Line, class Visitor>
void VisitFields(Line& line, Visitor&& field) {
  using Plain = std::remove_const_t<Line>;
  if constexpr (std::is_same_v<Plain, StartedLine>) {
    field("version", line.version), field("libraries", line.libraries),
        field("device", line.device);
    field("threads", line.threads), field("resumed_step", line.resumed_step);
  } else if constexpr (std::is_same_v<Plain, StepLine>) {
    field("step", line.step), field("steps", line.steps), field("loss", line.loss);
    field("images_per_second", line.images_per_second);
  } else if constexpr (std::is_same_v<Plain, EpochLine>) {
    field("epoch", line.epoch), field("loss", line.loss), field("natural_loss", line.natural_loss);
    field("robust_loss", line.robust_loss), field("natural_accuracy", line.natural_accuracy);
    field("robust_accuracy", line.robust_accuracy), field("learning_rate", line.learning_rate);
    field("seconds", line.seconds), field("clean_accuracy", line.clean_accuracy);
    field("pgd20_accuracy", line.pgd20_accuracy);
    field("train_fgsm_accuracy", line.train_fgsm_accuracy);
  } else if constexpr (std::is_same_v<Plain, CheckpointLine>) {
    field("step", line.step), field("folder", line.folder),
        field("model_sha256", line.model_sha256);
  } else if constexpr (std::is_same_v<Plain, TrainedLine>) {
    field("steps", line.steps), field("diverged", line.diverged), field("seconds", line.seconds);
    field("folder", line.folder), field("model_sha256", line.model_sha256);
    field("best", line.best);
  } else if constexpr (std::is_same_v<Plain, BestCheckpoint>) {
    field("folder", line.folder), field("model_sha256", line.model_sha256);
    field("step", line.step), field("epoch", line.epoch), field("accuracy", line.accuracy);
  } else if constexpr (std::is_same_v<Plain, EvaluatedLine>) {
    field("images", line.images), field("correct", line.correct), field("loss", line.loss);
    field("seconds", line.seconds), field("flags_file", line.flags_file);
    field("warnings", line.warnings), field("forward_images", line.forward_images);
    field("backward_images", line.backward_images), field("saved_images", line.saved_images);
    field("artifact", line.artifact);
  } else if constexpr (std::is_same_v<Plain, ArtifactRef>) {
    field("file", line.file), field("sha256", line.sha256);
  }
}

template <class Line>
constexpr const char* kTypeName = nullptr;
template <>
constexpr const char* kTypeName<StartedLine> = "started";
template <>
constexpr const char* kTypeName<StepLine> = "step";
template <>
constexpr const char* kTypeName<EpochLine> = "epoch";
template <>
constexpr const char* kTypeName<CheckpointLine> = "checkpoint";
template <>
constexpr const char* kTypeName<TrainedLine> = "trained";
template <>
constexpr const char* kTypeName<EvaluatedLine> = "evaluated";
template <>
constexpr const char* kTypeName<FailedLine> = "failed";

template <class Value>
constexpr bool kIsOptional = false;
template <class Value>
constexpr bool kIsOptional<std::optional<Value>> = true;

// What a line holds that has fields of its own.
template <class Value>
constexpr bool kIsPart =
    std::is_same_v<Value, BestCheckpoint> || std::is_same_v<Value, ArtifactRef>;

struct Writer {
  Json& json;
  template <class Value>
  void operator()(const char* key, const Value& value) const {
    if constexpr (kIsOptional<Value>) {
      if (value) (*this)(key, *value);
    } else if constexpr (kIsPart<Value>) {
      VisitFields(value, Writer{json[key]});
    } else {
      json[key] = value;  // nlohmann writes NaN and infinity as null.
    }
  }
};

struct Reader {
  const Json& json;
  template <class Value>
  void operator()(const char* key, Value& value) const {
    if constexpr (kIsOptional<Value>) {
      if (json.contains(key)) (*this)(key, value.emplace());
    } else if constexpr (kIsPart<Value>) {
      VisitFields(value, Reader{json.at(key)});
    } else if constexpr (std::is_same_v<Value, double>) {
      const Json& found = json.at(key);
      value = found.is_null() ? std::numeric_limits<double>::quiet_NaN() : found.get<double>();
    } else {
      json.at(key).get_to(value);
    }
  }
};

// Cuts off what is too long, between two characters.
void BoundWarnings(std::vector<std::string>& warnings) {
  const auto is_within_character = [](char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; };
  if (warnings.size() > kWarningsMax) warnings.resize(kWarningsMax);
  for (std::string& warning : warnings) {
    if (warning.size() <= kWarningBytesMax) continue;
    size_t end = kWarningBytesMax;
    while (end > 0 && is_within_character(warning[end])) --end;
    warning.resize(end);
  }
}

template <class Line>
Result<ProgressLine> Read(const Json& json) {
  Line line;
  if constexpr (std::is_same_v<Line, FailedLine>) {
    TRY_ASSIGN(line.failure.kind, ParseFailureClass(json.at("class").get<std::string>()));
    json.at("message").get_to(line.failure.message);
    if (line.failure.message.size() > kFailureMessageBytesMax)
      line.failure.message.resize(kFailureMessageBytesMax);
  } else {
    VisitFields(line, Reader{json});
  }
  if constexpr (std::is_same_v<Line, EvaluatedLine>) BoundWarnings(line.warnings);
  return line;
}

template <size_t kIndex = 0>
Result<ProgressLine> ReadType(const std::string& type, const Json& json) {
  if constexpr (kIndex == std::variant_size_v<ProgressLine>) {
    return Fail(ErrorKind::kInvalidInput, Format("progress line of unknown type '{}'", type));
  } else {
    using Line = std::variant_alternative_t<kIndex, ProgressLine>;
    return type == kTypeName<Line> ? Read<Line>(json) : ReadType<kIndex + 1>(type, json);
  }
}

Json Fields(const ProgressLine& line, size_t message_bytes_max) {
  Json json = Json::object();
  std::visit(
      [&]<class Line>(const Line& typed) {
        if constexpr (std::is_same_v<Line, FailedLine>) {
          json["class"] = NameOf(typed.failure.kind);
          json["message"] = typed.failure.message.substr(0, message_bytes_max);
        } else if constexpr (std::is_same_v<Line, EvaluatedLine>) {
          EvaluatedLine bounded = typed;
          BoundWarnings(bounded.warnings);
          VisitFields(std::as_const(bounded), Writer{json});
        } else {
          VisitFields(typed, Writer{json});
        }
      },
      line);
  return json;
}

std::string Written(const ProgressLine& line, size_t message_bytes_max) {
  Json json = Fields(line, message_bytes_max);
  json["v"] = kProgressVersion;
  json["type"] = std::visit([]<class Line>(const Line&) { return kTypeName<Line>; }, line);
  // Bytes that are not UTF-8, from an operating system's message say, must not keep a failure from
  // being told.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Written(const ProgressLine& line) {
  std::string text = Written(line, kFailureMessageBytesMax);
  if (text.size() <= kProgressLineBytesMax) return text;
  // A control character is written in six bytes, so that so many surely fit.
  return Written(line, kProgressLineBytesMax / 8);
}

}  // namespace

bool IsFinal(const ProgressLine& line) {
  return std::holds_alternative<TrainedLine>(line) || std::holds_alternative<EvaluatedLine>(line) ||
         std::holds_alternative<FailedLine>(line);
}

Json FieldsOf(const ProgressLine& line) { return Fields(line, kFailureMessageBytesMax); }

std::string ToText(const ProgressLine& line) {
  std::string text = Written(line);
  CHECK(text.size() <= kProgressLineBytesMax);
  return text;
}

Result<ProgressLine> ParseProgress(std::string_view line) {
  if (line.size() > kProgressLineBytesMax) {
    return Fail(ErrorKind::kInvalidInput,
                Format("progress line of {} bytes; at most {} are allowed", line.size(),
                       kProgressLineBytesMax));
  }
  TRY_ASSIGN(const Json json, ParseJson(line));
  try {
    if (json.at("v") != kProgressVersion) {
      return Fail(ErrorKind::kInvalidInput,
                  Format("progress line of version {}; this version reads {}", json.at("v").dump(),
                         kProgressVersion));
    }
    TRY_ASSIGN(ProgressLine read, ReadType(json.at("type").get<std::string>(), json));
    // It is passed on as ToText writes it, where a number such as 1e9 is longer.
    if (line.size() > kProgressLineBytesMax / 2 && Written(read).size() > kProgressLineBytesMax) {
      return Fail(ErrorKind::kInvalidInput,
                  Format("progress line that takes more than {} bytes once its numbers are written "
                         "out",
                         kProgressLineBytesMax));
    }
    return read;
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, Format("progress line: {}", error.what()));
  }
}

}  // namespace archsweep
