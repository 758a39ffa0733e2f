#include "sweep/network/describe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sweep/network/architecture.h"
#include "sweep/network/cost.h"

namespace archsweep {
namespace {

TEST(Describe, GivesIntegersThatAddUp) {
  const Graph graph = BuildGraph(ArchitectureByName("robustresnet-a1").value(), 32, 10);
  const Json json = DescribeAsJson(graph, {});
  EXPECT_EQ(json["parameters"].dump(), "19222738");
  EXPECT_TRUE(json["macs"].is_number_integer());
  int64_t parameters = 0;
  int64_t macs = 0;
  for (const Json& layer : json["layers"]) {
    parameters += layer["parameters"].get<int64_t>();
    macs += layer["macs"].get<int64_t>();
  }
  EXPECT_EQ(parameters, CostOf(graph).parameters);
  EXPECT_EQ(macs, CostOf(graph).macs);
}

TEST(Describe, MarksDeadLayers) {
  const Graph graph =
      BuildGraph({.block = KnownBlock("robust"), .depth = {2, 1, 1}, .width = {1, 1, 1}}, 32, 10);
  const Json json = DescribeAsJson(graph, {});
  for (const Json& layer : json["layers"]) {
    if (layer["name"] == "blocks.0.layer.0.bn1") {
      EXPECT_EQ(layer["dead"], false);
    }
    if (layer["name"] == "blocks.0.layer.1.bn1") {
      EXPECT_EQ(layer["dead"], true);
      EXPECT_EQ(layer["macs"], 0);
      EXPECT_EQ(layer["parameters"], 128);
    }
  }
  const std::string table = DescribeAsTable(graph, {});
  EXPECT_NE(table.find("  dead\n"), std::string::npos) << table;
}

TEST(Describe, PrintsOneLineALayerAndTheTotals) {
  const Graph graph = BuildGraph({.depth = {1, 1, 1}, .width = {1, 1, 1}}, 32, 10);
  const std::string table = DescribeAsTable(graph, {});
  EXPECT_EQ(std::ranges::count(table, '\n'), static_cast<long>(graph.nodes.size()) + 3);
  EXPECT_NE(table.find("conv 3x3 stride 2"), std::string::npos) << table;
  EXPECT_NE(table.find("77850 parameters (77.85 k)"), std::string::npos) << table;
}

}  // namespace
}  // namespace archsweep
