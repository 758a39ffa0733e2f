#pragma once

#include <string>
#include <vector>

#include "sweep/network/block_type.h"

namespace archsweep {

// Squeeze and excitation: each channel is scaled by a factor that two linear layers make of the
// means of all channels (paper, section 1.4).

// Where it stands, as the words of the setting "se".
enum class SePlace {
  kNone,
  kStandard,  // On what the block adds to its shortcut.
  kConv3x3,   // Behind the spatial convolution of a bottleneck.
  kIdentity,  // On the shortcut, where that is the identity.
  kResidual,  // On the normalised output of the block, added to it.
};

// The settings "se" and "se_reduction" of a block whose fallbacks are these.
BlockSetting SeSetting(SePlace fallback);
BlockSetting SeReductionSetting(int fallback);

// kNone if there is no such setting.
SePlace SePlaceOf(const SettingValues& settings);

// A part of a block with the owners of its weights, in official order.
struct Part {
  NodeId output = 0;
  std::vector<NodeId> owners = {};
};

// `x`, each channel scaled; `hidden` channels between the linear layers, whose official names begin
// with `name`.
Part AddSqueezeExcitation(GraphBuilder& builder, const std::string& name, NodeId x, int hidden);

// The shortcut of a block of so many output channels: `x` itself, or where it `projects` a 1x1
// convolution of it, which in order post has a norm (paper, section 9, T6).
Part AddShortcut(GraphBuilder& builder, const BlockPlace& place, NodeId x, int channels,
                 bool projects);

// The end of a block: the sum of its `branch` and its `shortcut`, with squeeze and excitation where
// the settings say. Declares all owners: those of the branch, of SE, of the shortcut.
NodeId AddToShortcut(GraphBuilder& builder, const BlockPlace& place, const SettingValues& settings,
                     const Part& branch, const Part& shortcut);

// A complaint if so many channels are fewer than the reduction.
std::vector<std::string> CheckSe(int channels, const SettingValues& settings);

}  // namespace archsweep
