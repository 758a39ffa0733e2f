#include "sweep/network/blocks.h"

namespace archsweep {

NodeId AddBasicBlock(GraphBuilder& builder, const BlockPlace& place, NodeId x) {
  const auto& [name, planes, stride] = place;
  const bool projects = stride != 1 || builder.ShapeOf(x).channels != planes;
  const NodeId bn1 = builder.Normalize(x, name + ".bn1");
  const NodeId activated = builder.Activate(bn1);
  const NodeId conv1 = builder.Convolve(activated, name + ".conv1", planes,
                                        {.kernel = 3, .stride = stride, .padding = 1});
  const NodeId bn2 = builder.Normalize(conv1, name + ".bn2");
  const NodeId conv2 =
      builder.Convolve(builder.Activate(bn2), name + ".conv2", planes, {.kernel = 3, .padding = 1});
  builder.Own({bn1, conv1, bn2, conv2});
  if (!projects) return builder.Sum(conv2, x);
  const NodeId shortcut =
      builder.Convolve(activated, name + ".shortcut.0", planes, {.kernel = 1, .stride = stride});
  builder.Own({shortcut});
  return builder.Sum(conv2, shortcut);
}

}  // namespace archsweep
