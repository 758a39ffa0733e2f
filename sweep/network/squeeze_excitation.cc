#include "sweep/network/squeeze_excitation.h"

#include "base/text.h"

namespace archsweep {
namespace {

constexpr int kReductionMax = 65'536;

}  // namespace

BlockSetting SeSetting(SePlace fallback) {
  return {.key = "se",
          .summary = "where squeeze and excitation stands",
          .fallback = static_cast<int>(fallback),
          .words = {"none", "standard", "conv3x3", "identity", "residual"}};
}

BlockSetting SeReductionSetting(int fallback) {
  return {.key = "se_reduction",
          .summary = "channels for each hidden one of squeeze and excitation",
          .fallback = fallback,
          .max = kReductionMax,
          .needs = "se"};
}

SePlace SePlaceOf(const SettingValues& settings) {
  const auto found = settings.find("se");
  return found == settings.end() ? SePlace::kNone : static_cast<SePlace>(found->second);
}

Part AddSqueezeExcitation(GraphBuilder& builder, const std::string& name, NodeId x, int hidden) {
  const int channels = builder.ShapeOf(x).channels;
  const NodeId squeeze =
      builder.Connect(builder.PoolGlobally(x), name + ".fc.0", hidden, /*bias=*/false);
  // Always ReLU, whatever the activation of the network.
  const NodeId excite = builder.Connect(builder.ActivateAs(squeeze, ActivationKind::kRelu),
                                        name + ".fc.2", channels, /*bias=*/false);
  return {.output = builder.Scale(x, builder.Squash(excite)), .owners = {squeeze, excite}};
}

Part AddShortcut(GraphBuilder& builder, const BlockPlace& place, NodeId x, int channels,
                 bool projects) {
  if (!projects) return {x};
  const NodeId conv =
      builder.Convolve(x, place.name + ".shortcut.0", channels, {.stride = place.stride});
  if (!place.post) return {conv, {conv}};
  const NodeId norm = builder.Normalize(conv, place.name + ".shortcut.1");
  return {norm, {conv, norm}};
}

NodeId AddToShortcut(GraphBuilder& builder, const BlockPlace& place, const SettingValues& settings,
                     const Part& branch, const Part& shortcut) {
  const auto squeeze = [&](NodeId x) {
    const int hidden = builder.ShapeOf(x).channels / settings.at("se_reduction");
    return AddSqueezeExcitation(builder, place.name + ".se", x, hidden);
  };
  builder.Own(branch.owners);
  NodeId sum = 0;
  switch (SePlaceOf(settings)) {
    case SePlace::kNone:
    case SePlace::kConv3x3:
      sum = builder.Sum(branch.output, shortcut.output);
      break;
    case SePlace::kStandard: {
      const Part se = squeeze(branch.output);
      builder.Own(se.owners);
      sum = builder.Sum(se.output, shortcut.output);
      break;
    }
    case SePlace::kIdentity: {
      const bool is_identity = shortcut.owners.empty();
      const Part skip = is_identity ? squeeze(shortcut.output) : Part{shortcut.output};
      builder.Own(skip.owners);
      sum = builder.Sum(branch.output, skip.output);
      break;
    }
    case SePlace::kResidual: {
      const NodeId norm = builder.Normalize(branch.output, place.name + ".se_bn");
      const Part se = squeeze(norm);
      builder.Own({norm});
      builder.Own(se.owners);
      sum = builder.Sum(builder.Sum(branch.output, shortcut.output), se.output);
      break;
    }
  }
  builder.Own(shortcut.owners);
  return sum;
}

std::vector<std::string> CheckSe(int channels, const SettingValues& settings) {
  if (SePlaceOf(settings) == SePlace::kNone) return {};
  const int reduction = settings.at("se_reduction");
  if (channels >= reduction) return {};
  return {Format("se_reduction {} is more than the {} channels of a block", reduction, channels)};
}

}  // namespace archsweep
