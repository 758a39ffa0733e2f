#pragma once

#include <string>

#include "sweep/network/builder.h"

namespace archsweep {

// Where a block stands in the network.
struct BlockPlace {
  std::string name;  // Official prefix: "blocks.0.layer.3".
  int planes = 0;    // Base channels of the stage.
  int stride = 1;    // 2 in the first block of stages 2 and 3.
};

// Both add one block behind `x` and return its output.
NodeId AddBasicBlock(GraphBuilder& builder, const BlockPlace& place, NodeId x);
NodeId AddRobustBlock(GraphBuilder& builder, const BlockPlace& place, const RobustBlockSpec& spec,
                      NodeId x);

// Base channels of stage 0, 1, 2: 16, 32, 64 times the widening factor (paper, section 1.1).
int StagePlanes(int stage, int width);

// Channels of one of the scales of a RobustResBlock (paper, section 1.2); it outputs
// kRobustExpansion times its planes.
int RobustScaleChannels(int planes, const RobustBlockSpec& spec);
inline constexpr int kRobustExpansion = 4;

}  // namespace archsweep
