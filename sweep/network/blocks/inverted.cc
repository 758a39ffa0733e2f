#include "base/text.h"
#include "sweep/network/block_type.h"
#include "sweep/network/squeeze_excitation.h"

namespace archsweep {
namespace {

constexpr int kExpandMax = 64;
constexpr int kHiddenChannelsMax = 65'536;

int HiddenChannels(int planes, const SettingValues& settings) {
  return planes * settings.at("expand");
}

NodeId AddPre(GraphBuilder& builder, const BlockPlace& place, const SettingValues& settings,
              NodeId x) {
  const auto& [name, planes, stride, kernel, post] = place;
  const int hidden = HiddenChannels(planes, settings);
  const bool projects = stride != 1 || builder.ShapeOf(x).channels != planes;
  const NodeId bn1 = builder.Normalize(x, name + ".bn1");
  const NodeId activated = builder.Activate(bn1);
  const NodeId conv1 = builder.Convolve(activated, name + ".conv1", hidden, {});
  const NodeId bn2 = builder.Normalize(conv1, name + ".bn2");
  const NodeId conv2 = builder.Convolve(
      builder.Activate(bn2), name + ".conv2", hidden,
      {.kernel = kernel, .stride = stride, .padding = kernel / 2, .groups = hidden});
  const NodeId bn3 = builder.Normalize(conv2, name + ".bn3");
  const NodeId conv3 = builder.Convolve(builder.Activate(bn3), name + ".conv3", planes, {});
  const Part shortcut = AddShortcut(builder, place, projects ? activated : x, planes, projects);
  return AddToShortcut(builder, place, settings, {conv3, {bn1, conv1, bn2, conv2, bn3, conv3}},
                       shortcut);
}

NodeId AddPost(GraphBuilder& builder, const BlockPlace& place, const SettingValues& settings,
               NodeId x) {
  const auto& [name, planes, stride, kernel, post] = place;
  const int hidden = HiddenChannels(planes, settings);
  const bool projects = stride != 1 || builder.ShapeOf(x).channels != planes;
  const NodeId conv1 = builder.Convolve(x, name + ".conv1", hidden, {});
  const NodeId bn1 = builder.Normalize(conv1, name + ".bn1");
  const NodeId conv2 = builder.Convolve(
      builder.Activate(bn1), name + ".conv2", hidden,
      {.kernel = kernel, .stride = stride, .padding = kernel / 2, .groups = hidden});
  const NodeId bn2 = builder.Normalize(conv2, name + ".bn2");
  const NodeId conv3 = builder.Convolve(builder.Activate(bn2), name + ".conv3", planes, {});
  const NodeId bn3 = builder.Normalize(conv3, name + ".bn3");
  const Part shortcut = AddShortcut(builder, place, x, planes, projects);
  return AddToShortcut(builder, place, settings, {bn3, {conv1, bn1, conv2, bn2, conv3, bn3}},
                       shortcut);
}

NodeId AddBlock(GraphBuilder& builder, const BlockPlace& place, const SettingValues& settings,
                NodeId x) {
  return place.post ? AddPost(builder, place, settings, x) : AddPre(builder, place, settings, x);
}

std::vector<std::string> Check(int planes, const SettingValues& settings) {
  if (HiddenChannels(planes, settings) <= kHiddenChannelsMax) return {};
  return {Format("expand {} times {} planes is more than {} channels", settings.at("expand"),
                 planes, kHiddenChannelsMax)};
}

}  // namespace

BlockType InvertedBlock() {
  return {
      .name = "inverted",
      .summary =
          "1x1 to `expand` times planes, depthwise 3x3, 1x1 to planes (paper, section "
          "1.2, after MobileNetV2)",
      .readings = {{"everything but the name: planes output channels, hidden channels counted from "
                    "planes, a projection where the shape changes"},
                   {"no activation behind the sum, and a normalised projection", "post"}},
      .can_be_post = true,
      .settings = {{.key = "expand",
                    .summary = "hidden channels, in planes",
                    .fallback = 6,
                    .max = kExpandMax}},
      .add = AddBlock,
      .check = Check};
}

}  // namespace archsweep
