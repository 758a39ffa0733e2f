#include "sweep/network/split_bottleneck.h"

#include <cmath>

#include "base/text.h"
#include "sweep/network/squeeze_excitation.h"

namespace archsweep {
namespace {

constexpr int kScalesMax = 64;
constexpr int kBaseWidthMax = 1000;
constexpr int kCardinalityMax = 256;
constexpr int kInnerChannelsMax = 65'536;
constexpr double kFullBaseWidth = 160;  // At which a scale has as many channels as planes.

int ValueOr(const SettingValues& settings, std::string_view key, int otherwise) {
  const auto found = settings.find(key);
  return found == settings.end() ? otherwise : found->second;
}

int ScalesOf(const SettingValues& settings) { return ValueOr(settings, "scales", 1); }

bool ReadsRawInput(const SettingValues& settings) {
  const int input = ValueOr(settings, "conv1_input", static_cast<int>(Conv1Input::kActivated));
  return static_cast<Conv1Input>(input) == Conv1Input::kRaw;
}

// The spatial convolutions, each followed by a norm and an activation.
struct Hierarchy {
  NodeId output = 0;
  std::vector<NodeId> convolutions;
  std::vector<NodeId> norms;
};

// The channels are cut into scales. All but the last are convolved in groups, each with the result
// of the one before it added where the stride allows; the last is passed on, or pooled to the
// smaller size.
class HierarchyBuilder {
 public:
  HierarchyBuilder(GraphBuilder& builder, const BlockPlace& place, const SettingValues& settings)
      : builder_(builder),
        place_(place),
        scales_(ScalesOf(settings)),
        channels_(ScaleChannels(place.planes, settings)),
        groups_(ValueOr(settings, "cardinality", 1)),
        norm_name_(place.name + (place.post ? ".bn2" : ".bn3")) {}

  Hierarchy Build(NodeId x) {
    if (scales_ == 1) {
      hierarchy_.output = Convolve(x, "");
      return std::move(hierarchy_);
    }
    std::vector<NodeId> outputs;
    for (int i = 0; i + 1 < scales_; ++i) {
      NodeId chunk = builder_.Take(x, i * channels_, channels_);
      if (i > 0 && place_.stride == 1) chunk = builder_.Sum(chunk, outputs.back());
      outputs.push_back(Convolve(chunk, Format(".{}", i)));
    }
    NodeId last = builder_.Take(x, (scales_ - 1) * channels_, channels_);
    if (place_.stride != 1) {
      last = builder_.Pool(last, {.kernel = 3, .stride = place_.stride, .padding = 1});
    }
    outputs.push_back(last);
    hierarchy_.output = builder_.Join(outputs);
    return std::move(hierarchy_);
  }

 private:
  NodeId Convolve(NodeId chunk, const std::string& suffix) {
    const NodeId conv = builder_.Convolve(chunk, place_.name + ".conv2" + suffix, channels_,
                                          {.kernel = place_.kernel,
                                           .stride = place_.stride,
                                           .padding = place_.kernel / 2,
                                           .groups = groups_});
    const NodeId norm = builder_.Normalize(conv, norm_name_ + suffix);
    hierarchy_.convolutions.push_back(conv);
    hierarchy_.norms.push_back(norm);
    return builder_.Activate(norm);
  }

  GraphBuilder& builder_;
  const BlockPlace& place_;
  int scales_;
  int channels_;
  int groups_;
  std::string norm_name_;
  Hierarchy hierarchy_;
};

// The 3x3 convolutions with SE behind them where it belongs there. Its hidden channels count from
// those of the whole block, which alone gives the published parameters (paper, section 1.4).
Hierarchy AddHierarchy(GraphBuilder& builder, const BlockPlace& place,
                       const SettingValues& settings, NodeId x, Part& se) {
  Hierarchy hierarchy = HierarchyBuilder(builder, place, settings).Build(x);
  if (SePlaceOf(settings) != SePlace::kConv3x3) return hierarchy;
  const int hidden = kBottleneckExpansion * place.planes / settings.at("se_reduction");
  se = AddSqueezeExcitation(builder, place.name + ".se", hierarchy.output, hidden);
  hierarchy.output = se.output;
  return hierarchy;
}

void Append(std::vector<NodeId>& all, const std::vector<NodeId>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

NodeId AddPre(GraphBuilder& builder, const BlockPlace& place, const SettingValues& settings,
              NodeId x, bool projects) {
  const int inner = ScaleChannels(place.planes, settings) * ScalesOf(settings);
  const NodeId bn1 = builder.Normalize(x, place.name + ".bn1");
  const NodeId activated = builder.Activate(bn1);
  const Part shortcut = AddShortcut(builder, place, projects ? activated : x,
                                    kBottleneckExpansion * place.planes, projects);
  const NodeId conv1 = builder.Convolve(ReadsRawInput(settings) ? x : activated,
                                        place.name + ".conv1", inner, {.kernel = 1});
  const NodeId bn2 = builder.Normalize(conv1, place.name + ".bn2");
  Part se;
  const Hierarchy hierarchy = AddHierarchy(builder, place, settings, builder.Activate(bn2), se);
  const NodeId conv3 = builder.Convolve(hierarchy.output, place.name + ".conv3",
                                        kBottleneckExpansion * place.planes, {.kernel = 1});
  std::vector<NodeId> owners = {bn1, conv1, bn2};
  Append(owners, hierarchy.convolutions);
  Append(owners, hierarchy.norms);
  Append(owners, se.owners);
  owners.push_back(conv3);
  return AddToShortcut(builder, place, settings, {conv3, owners}, shortcut);
}

NodeId AddPost(GraphBuilder& builder, const BlockPlace& place, const SettingValues& settings,
               NodeId x, bool projects) {
  const int inner = ScaleChannels(place.planes, settings) * ScalesOf(settings);
  const Part shortcut =
      AddShortcut(builder, place, x, kBottleneckExpansion * place.planes, projects);
  const NodeId conv1 = builder.Convolve(x, place.name + ".conv1", inner, {.kernel = 1});
  const NodeId bn1 = builder.Normalize(conv1, place.name + ".bn1");
  Part se;
  const Hierarchy hierarchy = AddHierarchy(builder, place, settings, builder.Activate(bn1), se);
  const NodeId conv3 = builder.Convolve(hierarchy.output, place.name + ".conv3",
                                        kBottleneckExpansion * place.planes, {.kernel = 1});
  const NodeId bn3 = builder.Normalize(conv3, place.name + ".bn3");
  std::vector<NodeId> owners = {conv1, bn1};
  Append(owners, hierarchy.convolutions);
  Append(owners, hierarchy.norms);
  Append(owners, se.owners);
  owners.insert(owners.end(), {conv3, bn3});
  return builder.Activate(AddToShortcut(builder, place, settings, {bn3, owners}, shortcut));
}

}  // namespace

BlockSetting ScalesSetting(int fallback) {
  return {.key = "scales",
          .summary = "chunks of channels that are convolved one after the other",
          .fallback = fallback,
          .max = kScalesMax};
}

BlockSetting BaseWidthSetting(int fallback) {
  return {.key = "base_width",
          .summary = "channels of a scale, in 1/160 of the planes for each group",
          .fallback = fallback,
          .max = kBaseWidthMax};
}

BlockSetting CardinalitySetting(int fallback) {
  return {.key = "cardinality",
          .summary = "groups of the spatial convolutions",
          .fallback = fallback,
          .max = kCardinalityMax};
}

BlockSetting Conv1InputSetting(Conv1Input fallback) {
  return {.key = "conv1_input",
          .summary = "what the first convolution reads",
          .fallback = static_cast<int>(fallback),
          .words = {"raw", "activated"}};
}

int ScaleChannels(int planes, const SettingValues& settings) {
  const double share = ValueOr(settings, "base_width", 160) / kFullBaseWidth;
  return static_cast<int>(std::floor(planes * share)) * ValueOr(settings, "cardinality", 1);
}

NodeId AddSplitBottleneck(GraphBuilder& builder, const BlockPlace& place,
                          const SettingValues& settings, NodeId x) {
  const bool projects =
      place.stride != 1 || builder.ShapeOf(x).channels != kBottleneckExpansion * place.planes;
  return place.post ? AddPost(builder, place, settings, x, projects)
                    : AddPre(builder, place, settings, x, projects);
}

std::vector<std::string> CheckSplitBottleneck(int planes, const SettingValues& settings) {
  std::vector<std::string> problems = CheckSe(kBottleneckExpansion * planes, settings);
  const int channels = ScaleChannels(planes, settings);
  if (channels < 1) {
    problems.push_back(
        Format("base_width {} leaves no channel where planes are {}; "
               "planes * base_width / 160 must be at least 1",
               ValueOr(settings, "base_width", 160), planes));
  }
  if (int64_t{channels} * ScalesOf(settings) > kInnerChannelsMax) {
    problems.push_back(Format("scales {} times {} channels is more than {}", ScalesOf(settings),
                              channels, kInnerChannelsMax));
  }
  return problems;
}

}  // namespace archsweep
