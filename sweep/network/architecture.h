#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "sweep/network/block_type.h"
#include "sweep/network/cell_network.h"
#include "sweep/network/graph.h"
#include "sweep/network/layer_kinds.h"
#include "sweep/network/per_stage.h"

namespace archsweep {

inline constexpr int kDepthMax = 1000;  // Blocks of one stage.
inline constexpr int kWidthMax = 256;   // Widening factor of one stage.
inline constexpr int kKernelMax = 15;

// Whether norms and activations precede the convolutions of a block or follow them. With kPost the
// stem has a norm and an activation, and the tail has none (paper, section 1.2).
enum class LayerOrder { kPre, kPost };

// A network as a user writes it: residual blocks in three stages, or searched cells. What the data
// set decides (image size, classes) is not here.
struct ArchitectureSpec {
  PerStage<const BlockType*> block = KnownBlock("basic");
  PerStage<int> depth = {};  // Blocks per stage, 1..kDepthMax.
  // Widening factors: base channels are 16, 32, 64 times these; 1..kWidthMax.
  PerStage<int> width = {};
  PerStage<ActivationKind> activation = ActivationKind::kRelu;
  PerStage<NormKind> norm = NormKind::kBatch;
  PerStage<int> kernel = 3;  // Of spatial convolutions; odd.
  LayerOrder order = LayerOrder::kPre;
  // Standardise the image inside the network (mean and deviation of CIFAR-10).
  bool pre_process = false;
  SettingValues settings = {};  // Those of blocks that are given; the rest have their fallbacks.
  CellSpec cells = {};          // Where it has a genotype, nothing above but pre_process is read.
  friend bool operator==(const ArchitectureSpec&, const ArchitectureSpec&) = default;
};

// Base channels of stage 0, 1, 2: 16, 32, 64 times the widening factor (paper, section 1.1).
int StagePlanes(int stage, int width);

// All settings that the blocks of a stage read, given or not.
SettingValues SettingsOf(const ArchitectureSpec& spec, size_t stage);

// Everything that is impossible in a specification; empty if it can be built. Each is a sentence
// that begins with the key of the field to change.
std::vector<std::string> Problems(const ArchitectureSpec& spec, int image_size = 32);

// `spec` has no Problems (asserted); images are RGB squares of `image_size` pixels.
Graph BuildGraph(const ArchitectureSpec& spec, int image_size, int classes);

// What in this network no source defines, and how it is read here: a sentence each.
std::vector<std::string> ReadingsOf(const ArchitectureSpec& spec);

// For people and for columns: "robust", "basic/basic/robust", "racl".
std::string BlockText(const ArchitectureSpec& spec);
std::string ActivationText(const ArchitectureSpec& spec);

// "D 4-4-4 W 10-10-10", "racl 23 layers of 104 channels".
std::string SizeText(const ArchitectureSpec& spec);

std::string_view NameOf(LayerOrder order);
// kInvalidInput if there is none of that name.
Result<LayerOrder> OrderByName(std::string_view name);

// A published network: "wrn-28-10", "robustresnet-a1".
struct NamedArchitecture {
  std::string name;
  ArchitectureSpec spec;
};

// All of them, in the order in which the paper introduces them.
std::span<const NamedArchitecture> NamedArchitectures();

// kInvalidInput with the nearest name if there is none of that name.
Result<ArchitectureSpec> ArchitectureByName(std::string_view name);

// The fields that make a difference, for identities and for jobs; ParseArchitecture reads it back.
// A field that came later is written only where it differs from what held before, so that old
// identities stay.
Json ToJson(const ArchitectureSpec& spec);
Result<ArchitectureSpec> ParseArchitecture(const Json& json);

}  // namespace archsweep
