#include <array>
#include <vector>

#include "base/text.h"
#include "sweep/network/blocks.h"

namespace archsweep {
namespace {

// The part between the two 1x1 convolutions, with the owners of its weights.
struct Hierarchy {
  NodeId output = 0;
  std::vector<NodeId> convolutions;
  std::vector<NodeId> norms;
};

// The channels are cut into `scales` chunks. All but the last are convolved in groups, each with
// the result of the one before it added where the stride allows; the last is passed on, or pooled
// to the smaller size.
Hierarchy AddHierarchy(GraphBuilder& builder, const BlockPlace& place, const RobustBlockSpec& spec,
                       NodeId x) {
  const int channels = RobustScaleChannels(place.planes, spec);
  Hierarchy hierarchy;
  const auto convolve = [&](NodeId chunk, const std::string& suffix) {
    const NodeId conv = builder.Convolve(
        chunk, place.name + ".conv2" + suffix, channels,
        {.kernel = 3, .stride = place.stride, .padding = 1, .groups = spec.cardinality});
    const NodeId norm = builder.Normalize(conv, place.name + ".bn3" + suffix);
    hierarchy.convolutions.push_back(conv);
    hierarchy.norms.push_back(norm);
    return builder.Activate(norm);
  };
  if (spec.scales == 1) {
    hierarchy.output = convolve(x, "");
    return hierarchy;
  }
  std::vector<NodeId> outputs;
  for (int i = 0; i + 1 < spec.scales; ++i) {
    NodeId chunk = builder.Take(x, i * channels, channels);
    if (i > 0 && place.stride == 1) chunk = builder.Sum(chunk, outputs.back());
    outputs.push_back(convolve(chunk, Format(".{}", i)));
  }
  NodeId last = builder.Take(x, (spec.scales - 1) * channels, channels);
  if (place.stride != 1)
    last = builder.Pool(last, {.kernel = 3, .stride = place.stride, .padding = 1});
  outputs.push_back(last);
  hierarchy.output = builder.Join(outputs);
  return hierarchy;
}

struct ResidualSe {
  NodeId output = 0;
  std::array<NodeId, 3> owners{};
};

// Squeeze and excitation of the normalised `x`, to be added to it (paper, section 1.4).
ResidualSe AddResidualSe(GraphBuilder& builder, const BlockPlace& place,
                         const RobustBlockSpec& spec, NodeId x) {
  const int channels = builder.ShapeOf(x).channels;
  const NodeId norm = builder.Normalize(x, place.name + ".se_bn");
  const NodeId squeeze = builder.Connect(builder.PoolGlobally(norm), place.name + ".se.fc.0",
                                         channels / spec.se_reduction, false);
  // Always ReLU, whatever the activation of the network.
  const NodeId excite = builder.Connect(builder.ActivateAs(squeeze, ActivationKind::kRelu),
                                        place.name + ".se.fc.2", channels, false);
  return {.output = builder.Scale(norm, builder.Squash(excite)), .owners = {norm, squeeze, excite}};
}

}  // namespace

int RobustScaleChannels(int planes, const RobustBlockSpec& spec) {
  return planes * spec.base_width / 160 * spec.cardinality;
}

NodeId AddRobustBlock(GraphBuilder& builder, const BlockPlace& place, const RobustBlockSpec& spec,
                      NodeId x) {
  const auto& [name, planes, stride] = place;
  const int channels = kRobustExpansion * planes;
  const int inner_channels = RobustScaleChannels(planes, spec) * spec.scales;
  const bool projects = stride != 1 || builder.ShapeOf(x).channels != channels;

  // The official code feeds the raw input to conv1, not the activated one: bn1 serves the
  // projection only, and is owned but dead where there is none (paper, section 9, T3).
  const NodeId bn1 = builder.Normalize(x, name + ".bn1");
  const NodeId activated = builder.Activate(bn1);
  const NodeId shortcut = projects ? builder.Convolve(activated, name + ".shortcut.0", channels,
                                                      {.kernel = 1, .stride = stride})
                                   : x;
  const NodeId conv1 = builder.Convolve(x, name + ".conv1", inner_channels, {.kernel = 1});
  const NodeId bn2 = builder.Normalize(conv1, name + ".bn2");
  const Hierarchy hierarchy = AddHierarchy(builder, place, spec, builder.Activate(bn2));
  const NodeId conv3 = builder.Convolve(hierarchy.output, name + ".conv3", channels, {.kernel = 1});

  const ResidualSe se = AddResidualSe(builder, place, spec, conv3);

  builder.Own({bn1, conv1, bn2});
  builder.Own(hierarchy.convolutions);
  builder.Own(hierarchy.norms);
  builder.Own({conv3});
  builder.Own(se.owners);
  if (projects) builder.Own({shortcut});
  return builder.Sum(builder.Sum(conv3, shortcut), se.output);
}

}  // namespace archsweep
