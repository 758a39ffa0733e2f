#include "sweep/network/build_graph.h"

#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "sweep/network/cell_network.h"

namespace archsweep {
namespace {

constexpr int kStemChannels = 16;
// Of CIFAR-10's training images, as in the published checkpoints that normalise inside the network
// (paper, section 1.1).
constexpr Standardize kPreProcess = {.mean = {0.4914f, 0.4822f, 0.4465f},
                                     .deviation = {0.2471f, 0.2435f, 0.2616f}};

NodeId AddImage(const ArchitectureSpec& spec, GraphBuilder& builder) {
  return spec.pre_process ? builder.StandardizeImage(builder.Image(), kPreProcess)
                          : builder.Image();
}

LayerStyle StyleOf(const ArchitectureSpec& spec, size_t stage) {
  return {.activation = spec.activation[stage], .norm = spec.norm[stage]};
}

NodeId AddStem(const ArchitectureSpec& spec, GraphBuilder& builder, NodeId x) {
  x = builder.Convolve(x, "stem_conv", kStemChannels, {.kernel = 3, .padding = 1});
  builder.Own({x});
  if (spec.order == LayerOrder::kPre) return x;
  const NodeId norm = builder.Normalize(x, "stem_norm");
  builder.Own({norm});
  return builder.Activate(norm);
}

NodeId AddStage(const ArchitectureSpec& spec, GraphBuilder& builder, size_t stage, NodeId x) {
  const SettingValues settings = SettingsOf(spec, stage);
  for (int block = 0; block < spec.depth[stage]; ++block) {
    const BlockPlace place = {.name = Format("blocks.{}.layer.{}", stage, block),
                              .planes = StagePlanes(static_cast<int>(stage), spec.width[stage]),
                              .stride = stage > 0 && block == 0 ? 2 : 1,
                              .kernel = spec.kernel[stage],
                              .post = spec.order == LayerOrder::kPost};
    x = spec.block[stage]->add(builder, place, settings, x);
    CHECK(builder.ShapeOf(x).channels == spec.block[stage]->expansion * place.planes);
  }
  return x;
}

}  // namespace

int StagePlanes(int stage, int width) { return (16 << stage) * width; }

Graph BuildUnchecked(const ArchitectureSpec& spec, int image_size, int classes) {
  GraphBuilder builder(image_size, StyleOf(spec, 0));
  NodeId x = AddStem(spec, builder, AddImage(spec, builder));
  for (size_t stage = 0; stage < kStages; ++stage) {
    builder.Use(StyleOf(spec, stage));
    x = AddStage(spec, builder, stage, x);
  }
  if (spec.order == LayerOrder::kPre) {
    const NodeId norm = builder.Normalize(x, "norm1");
    builder.Own({norm});
    x = builder.Activate(norm);
  }
  x = builder.Connect(builder.PoolGlobally(x), "fc", classes, true);
  builder.Own({x});
  return std::move(builder).Finish(x);
}

Graph BuildGraph(const ArchitectureSpec& spec, int image_size, int classes) {
  CHECK(Problems(spec, image_size).empty());
  if (spec.cells.genotype == nullptr) return BuildUnchecked(spec, image_size, classes);
  GraphBuilder builder(image_size);
  const NodeId x = AddImage(spec, builder);
  return BuildCellNetwork(spec.cells, std::move(builder), x, classes);
}

}  // namespace archsweep
