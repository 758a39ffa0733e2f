#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace archsweep {

inline constexpr int kStages = 3;
inline constexpr int kDepthMax = 1000;  // Blocks of one stage.
inline constexpr int kWidthMax = 256;   // Widening factor of one stage.
inline constexpr int kScalesMax = 64;
inline constexpr int kBaseWidthMax = 1000;
inline constexpr int kCardinalityMax = 256;
inline constexpr int kSeReductionMax = 65'536;
// Between the 1x1 convolutions of a RobustResBlock.
inline constexpr int kInnerChannelsMax = 65'536;

enum class BlockKind {
  kBasic,   // "basic": pre-activation basic block, as in wide residual networks (paper, section 3).
  kRobust,  // "robust": RobustResBlock, hierarchically aggregated bottleneck with residual SE.
};

enum class ActivationKind { kRelu, kSilu };

// Settings of a RobustResBlock; the defaults are those of the published RobustResNet-A1..A4.
struct RobustBlockSpec {
  int scales = 8;
  int base_width = 10;
  int cardinality = 4;
  int se_reduction = 64;
  friend bool operator==(const RobustBlockSpec&, const RobustBlockSpec&) = default;
};

// A residual network of three stages as a user writes it. What the data set decides (image size,
// classes) is not here.
struct ArchitectureSpec {
  BlockKind block = BlockKind::kBasic;
  std::array<int, kStages> depth{};  // Blocks per stage, 1..kDepthMax.
  // Widening factors: base channels are 16, 32, 64 times these; 1..kWidthMax.
  std::array<int, kStages> width{};
  ActivationKind activation = ActivationKind::kRelu;
  // Standardise the image inside the network (mean and deviation of CIFAR-10).
  bool pre_process = false;
  RobustBlockSpec robust{};  // Read only where block is kRobust.
  friend bool operator==(const ArchitectureSpec&, const ArchitectureSpec&) = default;
};

// Everything that is impossible in a specification; empty if it can be built. Each is a sentence
// that begins with the key of the field to change.
std::vector<std::string> Problems(const ArchitectureSpec& spec);

// The fields that make a difference, for identities and for the file that a user writes;
// ParseArchitecture reads it back.
Json ToJson(const ArchitectureSpec& spec);
Result<ArchitectureSpec> ParseArchitecture(const Json& json);

std::string_view NameOf(BlockKind kind);
std::string_view NameOf(ActivationKind kind);

// kInvalidInput with the nearest name if there is none of that name.
Result<BlockKind> BlockByName(std::string_view name);
Result<ActivationKind> ActivationByName(std::string_view name);

// A published network: "wrn-28-10", "robustresnet-a1".
struct NamedArchitecture {
  std::string name;
  ArchitectureSpec spec;
};

// All of them, in the order in which the paper introduces them.
std::span<const NamedArchitecture> NamedArchitectures();

// kInvalidInput with the nearest name if there is none of that name.
Result<ArchitectureSpec> ArchitectureByName(std::string_view name);

}  // namespace archsweep
