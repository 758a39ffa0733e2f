#include "sweep/network/block_type.h"

namespace archsweep {
namespace {

NodeId AddBlock(GraphBuilder& builder, const BlockPlace& place, const SettingValues&, NodeId x) {
  const auto& [name, planes, stride, kernel, post] = place;
  const NodeId bn1 = builder.Normalize(x, name + ".bn1");
  const NodeId conv1 =
      builder.Convolve(builder.Activate(bn1), name + ".conv1", planes,
                       {.kernel = kernel, .stride = stride, .padding = kernel / 2});
  const NodeId bn2 = builder.Normalize(conv1, name + ".bn2");
  const NodeId conv2 = builder.Convolve(builder.Activate(bn2), name + ".conv2", planes,
                                        {.kernel = kernel, .padding = kernel / 2});
  builder.Own({bn1, conv1, bn2, conv2});
  return conv2;
}

}  // namespace

BlockType PlainBlock() {
  return {.name = "plain",
          .summary = "the basic block without its residual connection (paper, figure 3d)",
          .add = AddBlock};
}

}  // namespace archsweep
