#include "sweep/network/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sweep/network/architecture.h"
#include "sweep/network/cost.h"

namespace archsweep {
namespace {

Graph BuildByName(std::string_view name) {
  return BuildGraph(ArchitectureByName(name).value(), 32, 10);
}

std::vector<std::string> DeadOwners(const Graph& graph) {
  const std::vector<bool> live = LiveNodes(graph);
  std::vector<std::string> names;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!live[i] && !graph.nodes[i].name.empty()) names.push_back(graph.nodes[i].name);
  }
  return names;
}

TEST(Graph, ListsInputsBeforeTheNodesThatUseThem) {
  for (const auto& [name, spec] : NamedArchitectures()) {
    const Graph graph = BuildGraph(spec, 32, 10);
    EXPECT_TRUE(std::holds_alternative<Input>(graph.nodes.front().operation));
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      for (const NodeId input : graph.nodes[i].inputs) {
        ASSERT_GE(input, 0);
        ASSERT_LT(static_cast<size_t>(input), i) << name;
      }
    }
  }
}

TEST(Graph, HalvesTheImageInStagesTwoAndThree) {
  const Graph graph = BuildByName("robustresnet-a1");
  const auto shape_of = [&](std::string_view name) {
    const auto found = std::ranges::find(graph.nodes, name, &Node::name);
    return found == graph.nodes.end() ? Shape{} : found->output;
  };
  EXPECT_EQ(shape_of("stem_conv"), (Shape{16, 32, 32}));
  EXPECT_EQ(shape_of("blocks.0.layer.13.conv3"), (Shape{320, 32, 32}));
  EXPECT_EQ(shape_of("blocks.1.layer.0.conv1"), (Shape{448, 32, 32}));
  EXPECT_EQ(shape_of("blocks.1.layer.0.conv2.6"), (Shape{56, 16, 16}));
  EXPECT_EQ(shape_of("blocks.2.layer.0.shortcut.0"), (Shape{768, 8, 8}));
  EXPECT_EQ(shape_of("blocks.2.layer.6.se.fc.0"), (Shape{12, 1, 1}));
  EXPECT_EQ(shape_of("fc"), (Shape{10, 1, 1}));
  EXPECT_EQ(graph.nodes[static_cast<size_t>(graph.output)].name, "fc");
}

TEST(Graph, TakesImagesOfAnOddSize) {
  const Graph graph =
      BuildGraph({.block = KnownBlock("robust"), .depth = {1, 2, 1}, .width = {1, 1, 1}}, 9, 7);
  const auto found = std::ranges::find(graph.nodes, "blocks.2.layer.0.conv3", &Node::name);
  ASSERT_NE(found, graph.nodes.end());
  EXPECT_EQ(found->output, (Shape{256, 3, 3}));
}

TEST(Graph, StandardisesOnlyWhereAsked) {
  const auto standardized = [](const Graph& graph) {
    return std::ranges::count_if(graph.nodes, [](const Node& node) {
      return std::holds_alternative<Standardize>(node.operation);
    });
  };
  ArchitectureSpec spec = ArchitectureByName("wrn-28-10").value();
  EXPECT_EQ(standardized(BuildGraph(spec, 32, 10)), 0);
  spec.pre_process = true;
  EXPECT_EQ(standardized(BuildGraph(spec, 32, 10)), 1);
}

// The first blocks of stages 2 and 3 project even where the channels are equal, for their stride
// is 2.
TEST(Graph, ProjectsWhereTheStrideChangesTheSizeAlone) {
  const auto has_shortcut = [](PerStage<int> width, const char* name) {
    const Graph graph = BuildGraph({.depth = {1, 1, 1}, .width = width}, 32, 10);
    return std::ranges::find(graph.nodes, name, &Node::name) != graph.nodes.end();
  };
  EXPECT_TRUE(has_shortcut({2, 1, 1}, "blocks.1.layer.0.shortcut.0"));
  EXPECT_TRUE(has_shortcut({1, 2, 1}, "blocks.2.layer.0.shortcut.0"));
  EXPECT_FALSE(has_shortcut({1, 1, 1}, "blocks.0.layer.0.shortcut.0"));
  EXPECT_TRUE(has_shortcut({2, 1, 1}, "blocks.0.layer.0.shortcut.0"));
}

// The official RobustResBlock gives the raw input to its first convolution, and the activated one
// to the projection.
TEST(Graph, FeedsTheRawInputToTheFirstConvolutionOfARobustBlock) {
  const Graph graph = BuildByName("robustresnet-a1");
  const auto input_of = [&](std::string_view name) {
    const auto found = std::ranges::find(graph.nodes, name, &Node::name);
    return graph.nodes[static_cast<size_t>(found->inputs.front())];
  };
  EXPECT_EQ(input_of("blocks.0.layer.0.conv1").name, "stem_conv");
  EXPECT_TRUE(
      std::holds_alternative<Activation>(input_of("blocks.0.layer.0.shortcut.0").operation));
  EXPECT_TRUE(std::holds_alternative<Add>(input_of("blocks.0.layer.1.conv1").operation));
}

TEST(Graph, CascadesTheChunksOfARobustBlockOnlyAtStrideOne) {
  const Graph graph = BuildByName("robustresnet-a1");
  const auto input_of = [&](std::string_view name) {
    const auto found = std::ranges::find(graph.nodes, name, &Node::name);
    return graph.nodes[static_cast<size_t>(found->inputs.front())].operation;
  };
  EXPECT_TRUE(std::holds_alternative<Slice>(input_of("blocks.0.layer.0.conv2.0")));
  EXPECT_TRUE(std::holds_alternative<Add>(input_of("blocks.0.layer.0.conv2.1")));
  EXPECT_TRUE(std::holds_alternative<Slice>(input_of("blocks.1.layer.0.conv2.1")));
  const auto pools = std::ranges::count_if(graph.nodes, [](const Node& node) {
    return std::holds_alternative<AveragePool>(node.operation);
  });
  EXPECT_EQ(pools, 2);
}

TEST(Graph, KeepsReluInsideSqueezeAndExcitation) {
  const Graph graph = BuildGraph({.block = KnownBlock("robust"),
                                  .depth = {1, 1, 1},
                                  .width = {1, 1, 1},
                                  .activation = ActivationKind::kSilu},
                                 32, 10);
  int relus = 0;
  int silus = 0;
  for (const Node& node : graph.nodes) {
    const auto* activation = std::get_if<Activation>(&node.operation);
    if (activation == nullptr) continue;
    ++(activation->kind == ActivationKind::kRelu ? relus : silus);
  }
  EXPECT_EQ(relus, 3);
  EXPECT_EQ(silus, 3 * (1 + 1 + 7) + 1);
}

TEST(Graph, BuildsARobustBlockOfOneScale) {
  ArchitectureSpec spec = {.block = KnownBlock("robust"), .depth = {2, 1, 1}, .width = {1, 1, 1}};
  spec.settings = {{"scales", 1}, {"base_width", 160}, {"cardinality", 1}, {"se_reduction", 16}};
  const Graph graph = BuildGraph(spec, 32, 10);
  const auto found = std::ranges::find(graph.nodes, "blocks.0.layer.1.conv2", &Node::name);
  ASSERT_NE(found, graph.nodes.end());
  EXPECT_EQ(found->output, (Shape{16, 32, 32}));
  EXPECT_EQ(DeadOwners(graph), (std::vector<std::string>{"blocks.0.layer.1.bn1"}));
}

TEST(DeadNodes, AreTheFirstNormsOfRobustBlocksWithoutAProjection) {
  std::vector<std::string> expected;
  const ArchitectureSpec spec = ArchitectureByName("robustresnet-a1").value();
  for (int stage = 0; stage < kStages; ++stage) {
    for (int block = 1; block < spec.depth[static_cast<size_t>(stage)]; ++block) {
      expected.push_back("blocks." + std::to_string(stage) + ".layer." + std::to_string(block) +
                         ".bn1");
    }
  }
  EXPECT_EQ(DeadOwners(BuildGraph(spec, 32, 10)), expected);
}

TEST(DeadNodes, AreAbsentFromBasicNetworks) {
  const Graph graph = BuildByName("wrn-a1");
  EXPECT_EQ(WithoutDeadNodes(graph).nodes.size(), graph.nodes.size());
}

TEST(DeadNodes, CanBeRemovedWithoutChangingTheRest) {
  const Graph full = BuildByName("robustresnet-a1");
  const Graph pruned = WithoutDeadNodes(full);
  const size_t identity_blocks = 13 + 13 + 6;
  EXPECT_EQ(full.nodes.size() - pruned.nodes.size(), 2 * identity_blocks);
  EXPECT_EQ(full.owners.size() - pruned.owners.size(), identity_blocks);
  EXPECT_EQ(CostOf(pruned).macs, CostOf(full).macs);
  EXPECT_EQ(pruned.nodes[static_cast<size_t>(pruned.output)].name, "fc");

  std::vector<std::string> kept;
  const std::vector<bool> live = LiveNodes(full);
  for (const NodeId owner : full.owners) {
    if (live[static_cast<size_t>(owner)])
      kept.push_back(full.nodes[static_cast<size_t>(owner)].name);
  }
  std::vector<std::string> names;
  for (const NodeId owner : pruned.owners)
    names.push_back(pruned.nodes[static_cast<size_t>(owner)].name);
  EXPECT_EQ(names, kept);

  for (size_t i = 0; i < pruned.nodes.size(); ++i) {
    for (const NodeId input : pruned.nodes[i].inputs) ASSERT_LT(static_cast<size_t>(input), i);
  }
}

TEST(DeadNodes, AreGoneAfterOneRemoval) {
  const Graph once = WithoutDeadNodes(BuildByName("robustresnet-a1"));
  const Graph twice = WithoutDeadNodes(once);
  EXPECT_EQ(twice.nodes.size(), once.nodes.size());
  EXPECT_EQ(twice.owners, once.owners);
  EXPECT_EQ(twice.output, once.output);
}

}  // namespace
}  // namespace archsweep
