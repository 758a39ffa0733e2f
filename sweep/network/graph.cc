#include "sweep/network/graph.h"

#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "sweep/network/blocks.h"
#include "sweep/network/builder.h"

namespace archsweep {
namespace {

constexpr int kStemChannels = 16;
// Of CIFAR-10's training images, as in the published checkpoints that normalise inside the network
// (paper, section 1.1).
constexpr Standardize kPreProcess = {.mean = {0.4914f, 0.4822f, 0.4465f},
                                     .deviation = {0.2471f, 0.2435f, 0.2616f}};

NodeId AddBlock(GraphBuilder& builder, const ArchitectureSpec& spec, const BlockPlace& place,
                NodeId x) {
  switch (spec.block) {
    case BlockKind::kBasic:
      return AddBasicBlock(builder, place, x);
    case BlockKind::kRobust:
      return AddRobustBlock(builder, place, spec.robust, x);
  }
  CHECK(false);
}

}  // namespace

int StagePlanes(int stage, int width) { return (16 << stage) * width; }

Graph BuildGraph(const ArchitectureSpec& spec, int image_size, int classes) {
  CHECK(Problems(spec).empty());
  GraphBuilder builder(image_size, spec.activation);
  NodeId x = builder.Image();
  if (spec.pre_process) x = builder.StandardizeImage(x, kPreProcess);
  x = builder.Convolve(x, "stem_conv", kStemChannels, {.kernel = 3, .padding = 1});
  builder.Own({x});
  for (int stage = 0; stage < kStages; ++stage) {
    for (int block = 0; block < spec.depth[static_cast<size_t>(stage)]; ++block) {
      const BlockPlace place = {
          .name = Format("blocks.{}.layer.{}", stage, block),
          .planes = StagePlanes(stage, spec.width[static_cast<size_t>(stage)]),
          .stride = stage > 0 && block == 0 ? 2 : 1};
      x = AddBlock(builder, spec, place, x);
    }
  }
  const NodeId norm = builder.Normalize(x, "norm1");
  x = builder.PoolGlobally(builder.Activate(norm));
  x = builder.Connect(x, "fc", classes, true);
  builder.Own({norm, x});
  return std::move(builder).Finish(x);
}

std::vector<bool> LiveNodes(const Graph& graph) {
  std::vector<bool> live(graph.nodes.size(), false);
  live[static_cast<size_t>(graph.output)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    if (!live[i]) continue;
    for (const NodeId input : graph.nodes[i].inputs) live[static_cast<size_t>(input)] = true;
  }
  return live;
}

Graph WithoutDeadNodes(const Graph& graph) {
  const std::vector<bool> live = LiveNodes(graph);
  std::vector<NodeId> renamed(graph.nodes.size(), -1);
  Graph result;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!live[i]) continue;
    renamed[i] = static_cast<NodeId>(result.nodes.size());
    Node node = graph.nodes[i];
    for (NodeId& input : node.inputs) input = renamed[static_cast<size_t>(input)];
    result.nodes.push_back(std::move(node));
  }
  for (const NodeId owner : graph.owners) {
    const NodeId kept = renamed[static_cast<size_t>(owner)];
    if (kept >= 0) result.owners.push_back(kept);
  }
  result.output = renamed[static_cast<size_t>(graph.output)];
  return result;
}

}  // namespace archsweep
