#include "sweep/network/layer_kinds.h"

#include <array>
#include <string>
#include <vector>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr std::array kActivations = {
    ActivationKind::kRelu, ActivationKind::kSilu, ActivationKind::kSoftplus, ActivationKind::kGelu,
    ActivationKind::kElu,  ActivationKind::kMish, ActivationKind::kLeakyRelu};
constexpr std::array kNorms = {NormKind::kBatch, NormKind::kGroup, NormKind::kLayer,
                               NormKind::kInstance};

template <class Kind>
Result<Kind> ByName(std::span<const Kind> kinds, std::string_view noun, std::string_view name) {
  std::vector<std::string> names;
  for (const Kind kind : kinds) {
    if (NameOf(kind) == name) return kind;
    names.emplace_back(NameOf(kind));
  }
  return Fail(ErrorKind::kInvalidInput, Format("unknown {} '{}'{}; known are: {}", noun, name,
                                               Suggestion(name, names), Join(names, ", ")));
}

}  // namespace

std::span<const ActivationKind> ActivationKinds() { return kActivations; }
std::span<const NormKind> NormKinds() { return kNorms; }

std::string_view NameOf(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kRelu:
      return "relu";
    case ActivationKind::kSilu:
      return "silu";
    case ActivationKind::kSoftplus:
      return "softplus";
    case ActivationKind::kGelu:
      return "gelu";
    case ActivationKind::kElu:
      return "elu";
    case ActivationKind::kMish:
      return "mish";
    case ActivationKind::kLeakyRelu:
      return "leaky_relu";
  }
  return "";
}

std::string_view NameOf(NormKind kind) {
  switch (kind) {
    case NormKind::kBatch:
      return "batch";
    case NormKind::kGroup:
      return "group";
    case NormKind::kLayer:
      return "layer";
    case NormKind::kInstance:
      return "instance";
  }
  return "";
}

Result<ActivationKind> ActivationByName(std::string_view name) {
  return ByName(ActivationKinds(), "activation", name);
}

Result<NormKind> NormByName(std::string_view name) { return ByName(NormKinds(), "norm", name); }

}  // namespace archsweep
