#include "sweep/network/fused_layers.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sweep/network/architecture.h"
#include "sweep/network/block_type.h"
#include "sweep/network/builder.h"

namespace archsweep {
namespace {

size_t Index(NodeId node) { return static_cast<size_t>(node); }

// The layer that begins with the node of that name.
const FusedLayer* LayerOf(const std::vector<FusedLayer>& layers, const Graph& graph,
                          const std::string& first) {
  for (const FusedLayer& layer : layers) {
    if (graph.nodes[Index(layer.first)].name == first) return &layer;
  }
  return nullptr;
}

TEST(FusedLayers, FoldWhatStandsBehindAConvolution) {
  const Graph graph = BuildGraph({.depth = {1, 1, 1}, .width = {1, 1, 1}}, 32, 10);
  const std::vector<FusedLayer> layers = FuseLayers(graph);
  const FusedLayer* const conv1 = LayerOf(layers, graph, "blocks.0.layer.0.conv1");
  ASSERT_NE(conv1, nullptr);
  ASSERT_TRUE(conv1->norm);
  EXPECT_EQ(graph.nodes[Index(*conv1->norm)].name, "blocks.0.layer.0.bn2");
  EXPECT_EQ(conv1->activation, ActivationKind::kRelu);
  EXPECT_FALSE(conv1->addend);
  const FusedLayer* const conv2 = LayerOf(layers, graph, "blocks.0.layer.0.conv2");
  ASSERT_NE(conv2, nullptr);
  EXPECT_TRUE(conv2->addend);
  EXPECT_FALSE(conv2->norm || conv2->activation);
  const FusedLayer* const bn1 = LayerOf(layers, graph, "blocks.0.layer.0.bn1");
  ASSERT_NE(bn1, nullptr);
  EXPECT_EQ(bn1->activation, ActivationKind::kRelu);
  // The stem is read by the norm and by the shortcut.
  const FusedLayer* const stem = LayerOf(layers, graph, graph.nodes[1].name);
  ASSERT_NE(stem, nullptr);
  EXPECT_EQ(stem->output, 1);
}

TEST(FusedLayers, FoldSumAndActivationOfPostActivationBlocks) {
  const Graph graph =
      BuildGraph({.depth = {1, 1, 1}, .width = {1, 1, 1}, .order = LayerOrder::kPost}, 32, 10);
  const std::vector<FusedLayer> layers = FuseLayers(graph);
  const FusedLayer* const conv2 = LayerOf(layers, graph, "blocks.0.layer.0.conv2");
  ASSERT_NE(conv2, nullptr);
  EXPECT_TRUE(conv2->norm && conv2->addend);
  EXPECT_EQ(conv2->activation, ActivationKind::kRelu);
}

TEST(FusedLayers, ComputeEveryValueBeforeItIsRead) {
  for (const BlockType& block : BlockTypes()) {
    SCOPED_TRACE(block.name);
    const Graph graph =
        BuildGraph({.block = &block, .depth = {2, 1, 1}, .width = {2, 1, 1}}, 32, 10);
    std::set<NodeId> known = {0};
    for (const FusedLayer& layer : FuseLayers(graph)) {
      for (const NodeId input : graph.nodes[Index(layer.first)].inputs) {
        EXPECT_TRUE(known.contains(input));
      }
      EXPECT_TRUE(!layer.addend || known.contains(*layer.addend));
      EXPECT_TRUE(known.insert(layer.output).second);
    }
    EXPECT_TRUE(known.contains(graph.output));
  }
}

}  // namespace
}  // namespace archsweep
