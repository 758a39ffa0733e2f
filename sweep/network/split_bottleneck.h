#pragma once

#include <string>
#include <vector>

#include "sweep/network/block_type.h"

namespace archsweep {

// The bottleneck with everything that the paper varies of it (sections 1.2 and 1.3): channels cut
// into scales, convolutions in groups, squeeze and excitation. The blocks "bottleneck",
// "aggregated", "hierarchical" and "robust" are settings of it.

// It outputs so many times its planes.
inline constexpr int kBottleneckExpansion = 4;

BlockSetting ScalesSetting(int fallback);
BlockSetting BaseWidthSetting(int fallback);
BlockSetting CardinalitySetting(int fallback);

// What the first convolution reads: "raw", the input of the block as it is, so that the norm before
// it serves the projection alone and is dead where there is none (the official code; paper, section
// 9, T3); or "activated", the normalised and activated input.
enum class Conv1Input { kRaw, kActivated };
BlockSetting Conv1InputSetting(Conv1Input fallback);

// Channels of one of the scales: floor(planes * base_width / 160) * cardinality in floating point,
// as the official code computes it.
int ScaleChannels(int planes, const SettingValues& settings);

// BlockType::add and BlockType::check. Settings that a block does not have are those of the plain
// bottleneck: one scale, no groups, planes channels, activated input.
NodeId AddSplitBottleneck(GraphBuilder& builder, const BlockPlace& place,
                          const SettingValues& settings, NodeId x);
std::vector<std::string> CheckSplitBottleneck(int planes, const SettingValues& settings);

}  // namespace archsweep
