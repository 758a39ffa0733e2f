#include "sweep/network/block_type.h"
#include "sweep/network/squeeze_excitation.h"

namespace archsweep {
namespace {

// He et al. 2016: the projection of a post-activation block reads the raw input and is normalised.
NodeId AddPost(GraphBuilder& builder, const BlockPlace& place, const SettingValues& settings,
               NodeId x, bool projects) {
  const auto& [name, planes, stride, kernel, post] = place;
  const NodeId conv1 = builder.Convolve(
      x, name + ".conv1", planes, {.kernel = kernel, .stride = stride, .padding = kernel / 2});
  const NodeId bn1 = builder.Normalize(conv1, name + ".bn1");
  const NodeId conv2 = builder.Convolve(builder.Activate(bn1), name + ".conv2", planes,
                                        {.kernel = kernel, .padding = kernel / 2});
  const NodeId bn2 = builder.Normalize(conv2, name + ".bn2");
  const Part shortcut = AddShortcut(builder, place, x, planes, projects);
  return builder.Activate(
      AddToShortcut(builder, place, settings, {bn2, {conv1, bn1, conv2, bn2}}, shortcut));
}

NodeId AddPre(GraphBuilder& builder, const BlockPlace& place, const SettingValues& settings,
              NodeId x, bool projects) {
  const auto& [name, planes, stride, kernel, post] = place;
  const NodeId bn1 = builder.Normalize(x, name + ".bn1");
  const NodeId activated = builder.Activate(bn1);
  const NodeId conv1 =
      builder.Convolve(activated, name + ".conv1", planes,
                       {.kernel = kernel, .stride = stride, .padding = kernel / 2});
  const NodeId bn2 = builder.Normalize(conv1, name + ".bn2");
  const NodeId conv2 = builder.Convolve(builder.Activate(bn2), name + ".conv2", planes,
                                        {.kernel = kernel, .padding = kernel / 2});
  const Part shortcut = AddShortcut(builder, place, projects ? activated : x, planes, projects);
  return AddToShortcut(builder, place, settings, {conv2, {bn1, conv1, bn2, conv2}}, shortcut);
}

NodeId AddBlock(GraphBuilder& builder, const BlockPlace& place, const SettingValues& settings,
                NodeId x) {
  const bool projects = place.stride != 1 || builder.ShapeOf(x).channels != place.planes;
  return place.post ? AddPost(builder, place, settings, x, projects)
                    : AddPre(builder, place, settings, x, projects);
}

// There is one convolution less than a bottleneck has to put it behind.
std::vector<std::string> Check(int planes, const SettingValues& settings) {
  if (SePlaceOf(settings) == SePlace::kConv3x3) {
    return {"se is conv3x3; a basic block takes none, standard, identity or residual"};
  }
  return CheckSe(planes, settings);
}

}  // namespace

BlockType BasicBlock() {
  return {.name = "basic",
          .summary = "two spatial convolutions, as in wide residual networks (paper, section 1.2)",
          .readings =
              {{"squeeze and excitation stands on the output of the second convolution; residual "
                "has a norm of its own",
                "se"},
               {"He et al. 2016, with a normalised projection", "post"}},
          .can_be_post = true,
          .settings = {SeSetting(SePlace::kNone), SeReductionSetting(16)},
          .add = AddBlock,
          .check = Check};
}

}  // namespace archsweep
