#include "sweep/network/cost.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"

namespace archsweep {
namespace {

using Stages = PerStage<int>;

// A row of section 3.2 of the reference on the paper: millions of parameters, and billions of
// multiply-accumulates of the convolutions alone, of all layers, and without the dead ones.
struct CountedNetwork {
  const char* row;
  const char* block;
  Stages depth;
  Stages width;
  double parameters;
  double convolutions;
  double with_dead;
  double macs;
};

constexpr const char* kBasic = "basic";
constexpr const char* kRobust = "robust";

constexpr CountedNetwork kCounted[] = {
    {"WRN-28-10", kBasic, {4, 4, 4}, {10, 10, 10}, 36.479, 5.2433, 5.2456, 5.2456},
    {"WRN-34-12", kBasic, {5, 5, 5}, {12, 12, 12}, 66.458, 9.5823, 9.5858, 9.5858},
    {"WRN-46-14", kBasic, {7, 7, 7}, {14, 14, 14}, 128.389, 18.5854, 18.5910, 18.5910},
    {"WRN-70-16", kBasic, {11, 11, 11}, {16, 16, 16}, 266.797, 38.7642, 38.7743, 38.7743},
    {"WRN-34-R", kBasic, {5, 5, 5}, {20, 20, 8}, 68.117, 19.1328, 19.1380, 19.1380},
    {"WRN-28-R", kBasic, {4, 4, 4}, {20, 20, 8}, 54.176, 15.0559, 15.0601, 15.0601},
    {"WRN-46-R", kBasic, {7, 7, 7}, {20, 20, 8}, 95.998, 27.2865, 27.2938, 27.2938},
    {"WRN-70-R", kBasic, {11, 11, 11}, {20, 20, 8}, 151.760, 43.5939, 43.6055, 43.6055},
    {"RobustResNet-A1", kRobust, {14, 14, 7}, {5, 7, 3}, 19.223, 5.0797, 5.1128, 5.1052},
    {"RobustResNet-A2", kRobust, {17, 17, 8}, {7, 9, 4}, 39.034, 10.7377, 10.7919, 10.7794},
    {"RobustResNet-A3", kRobust, {22, 22, 11}, {8, 11, 5}, 75.857, 19.8178, 19.9008, 19.8814},
    {"RobustResNet-A4", kRobust, {27, 28, 13}, {10, 14, 6}, 147.262, 39.2688, 39.3991, 39.3685},
    {"WRN-A1", kBasic, {14, 14, 7}, {5, 7, 3}, 18.708, 5.0769, 5.0810, 5.0810},
    {"WRN-A2", kBasic, {17, 17, 8}, {7, 9, 4}, 38.323, 10.8362, 10.8429, 10.8429},
    {"WRN-A3", kBasic, {22, 22, 11}, {8, 11, 5}, 75.302, 20.2157, 20.2259, 20.2259},
    {"WRN-A4", kBasic, {27, 28, 13}, {10, 14, 6}, 147.292, 40.3811, 40.3970, 40.3970},
    {"D 5G", kBasic, {5, 5, 2}, {10, 10, 10}, 24.034, 5.2433, 5.2460, 5.2460},
    {"W 5G", kBasic, {4, 4, 4}, {11, 13, 6}, 24.521, 5.7029, 5.7054, 5.7054},
    {"D 10G", kBasic, {6, 6, 3}, {12, 12, 12}, 48.538, 9.5823, 9.5862, 9.5862},
    {"W 10G", kBasic, {5, 5, 5}, {13, 16, 7}, 44.415, 10.5187, 10.5225, 10.5225},
    {"D 20G", kBasic, {9, 8, 4}, {14, 14, 14}, 90.449, 18.5854, 18.5919, 18.5919},
    {"W 20G", kBasic, {7, 7, 7}, {16, 18, 8}, 81.664, 20.3606, 20.3669, 20.3669},
    {"D 40G as printed", kBasic, {14, 13, 11}, {16, 16, 16}, 279.780, 44.8040, 44.8162, 44.8162},
    {"D 40G", kBasic, {14, 13, 6}, {16, 16, 16}, 185.387, 38.7642, 38.7758, 38.7758},
    {"W 40G", kBasic, {11, 11, 11}, {18, 21, 9}, 169.657, 42.7061, 42.7172, 42.7172},
    {"RRB D=4 W=10", kRobust, {4, 4, 4}, {10, 10, 10}, 39.588, 5.9881, 6.0081, 6.0047},
    {"RRB D=5 W=12", kRobust, {5, 5, 5}, {12, 12, 12}, 70.539, 10.5424, 10.5724, 10.5669},
    {"RRB D=7 W=14", kRobust, {7, 7, 7}, {14, 14, 14}, 132.891, 19.5815, 19.6306, 19.6210},
    {"RRB D=11 W=16", kRobust, {11, 11, 11}, {16, 16, 16}, 269.941, 39.2497, 39.3381, 39.3198},
    {"A1, stale", kBasic, {10, 11, 5}, {6, 8, 3}, 17.72, NAN, NAN, 5.090},
    {"A3, stale", kBasic, {14, 14, 7}, {10, 14, 6}, 74.76, NAN, NAN, 20.29},
    {"compound 15G", kBasic, {20, 20, 10}, {7, 10, 4}, 52.80, NAN, NAN, 14.60},
    {"compound 30G", kBasic, {25, 25, 12}, {9, 13, 5}, 108.69, NAN, NAN, 30.53},
};

// Whether `count` prints as `expected`, to as many decimals as the shortest text of `expected` has
// at least.
void ExpectPrintsAs(int64_t count, double unit, double expected, int decimals) {
  if (std::isnan(expected)) return;
  const double half_step = 0.5 * std::pow(10.0, -decimals);
  EXPECT_NEAR(static_cast<double>(count) / unit, expected, half_step * 1.0001);
}

int64_t MacsOfAll(const Graph& graph, bool convolutions_only) {
  int64_t macs = 0;
  for (const Node& node : graph.nodes) {
    if (convolutions_only && !std::holds_alternative<Convolution>(node.operation)) continue;
    macs += MacsOf(graph, node);
  }
  return macs;
}

class CostOfPublished : public testing::TestWithParam<CountedNetwork> {};

TEST_P(CostOfPublished, MatchesTheReferenceToThePrintedDigit) {
  const CountedNetwork& row = GetParam();
  const Graph graph =
      BuildGraph({.block = KnownBlock(row.block), .depth = row.depth, .width = row.width}, 32, 10);
  const bool coarse = std::isnan(row.convolutions);  // These rows are given to two decimals.
  const Cost cost = CostOf(graph);
  ExpectPrintsAs(cost.parameters, 1e6, row.parameters, coarse ? 2 : 3);
  ExpectPrintsAs(cost.macs, 1e9, row.macs, coarse ? 2 : 4);
  ExpectPrintsAs(MacsOfAll(graph, true), 1e9, row.convolutions, 4);
  ExpectPrintsAs(MacsOfAll(graph, false), 1e9, row.with_dead, 4);
}

INSTANTIATE_TEST_SUITE_P(Section32, CostOfPublished, testing::ValuesIn(kCounted),
                         [](const testing::TestParamInfo<CountedNetwork>& row) {
                           std::string name;
                           for (const char c : std::string_view(row.param.row)) {
                             if (std::isalnum(static_cast<unsigned char>(c))) name += c;
                           }
                           return name;
                         });

TEST(Cost, OfTheSettingsThatTheOfficialFilesImplyIsTheirs) {
  ArchitectureSpec spec = ArchitectureByName("robustresnet-a1").value();
  spec.settings = {{"scales", 4}, {"base_width", 64}, {"cardinality", 8}, {"se_reduction", 16}};
  EXPECT_EQ(CostOf(BuildGraph(spec, 32, 10)).parameters, 144'344'330);
  spec = ArchitectureByName("robustresnet-a4").value();
  spec.settings = {{"scales", 4}, {"base_width", 64}, {"cardinality", 8}, {"se_reduction", 16}};
  EXPECT_EQ(CostOf(BuildGraph(spec, 32, 10)).parameters, 1'139'611'362);
}

TEST(Cost, OfTheSmallestNetworkIsCountedByHand) {
  const Graph graph = BuildGraph({.depth = {1, 1, 1}, .width = {1, 1, 1}}, 32, 10);
  EXPECT_EQ(CostOf(graph).parameters, 77'850);  // As the small checkpoint of the references.
  const int64_t stem = 32 * 32 * 16 * 3 * 9;
  const int64_t stage1 = 32 * 32 * 16 * (16 * 9 * 2 + 2);
  const int64_t stage2 = 16 * 16 * 32 * (16 * 9 + 32 * 9 + 16 + 1) + 32 * 32 * 16;
  const int64_t stage3 = 8 * 8 * 64 * (32 * 9 + 64 * 9 + 32 + 1) + 16 * 16 * 32;
  const int64_t tail = 8 * 8 * 64 + 64 + 64 * 10;
  EXPECT_EQ(CostOf(graph).macs, stem + stage1 + stage2 + stage3 + tail);
}

TEST(Cost, CountsTheValuesThatTheBackwardPassNeeds) {
  const Graph graph = BuildGraph({.depth = {1, 1, 1}, .width = {1, 1, 1}}, 32, 10);
  const int64_t input_and_stem = 32 * 32 * (3 + 16);
  const int64_t stage1 = 32 * 32 * 16 * 5;  // Two norms, two convolutions, the sum.
  const int64_t stage2 = 32 * 32 * 16 + 16 * 16 * 32 * 5;
  const int64_t stage3 = 16 * 16 * 32 + 8 * 8 * 64 * 5;
  const int64_t tail = 8 * 8 * 64 + 64 + 10;
  EXPECT_EQ(CostOf(graph).activations, input_and_stem + stage1 + stage2 + stage3 + tail);
}

TEST(Cost, ByDepthIsThatOfTheGraph) {
  const unsigned seed = 20'221'219;
  SCOPED_TRACE(Format("seed {}", seed));
  std::mt19937 random(seed);
  const auto from_1_to = [&](unsigned max) { return static_cast<int>(random() % max) + 1; };
  for (int i = 0; i < 200; ++i) {
    ArchitectureSpec spec;
    spec.block = KnownBlock(i % 2 == 0 ? kBasic : kRobust);
    for (int& width : spec.width) width = from_1_to(6);
    for (int& depth : spec.depth) depth = from_1_to(9);
    spec.settings["scales"] = from_1_to(8);
    spec.settings["se_reduction"] = from_1_to(64);
    const int image_size = from_1_to(40);
    const int classes = from_1_to(200);
    const Cost expected = CostOf(BuildGraph(spec, image_size, classes));
    const Cost cost = CostByDepth(spec, image_size, classes).At(spec.depth);
    ASSERT_EQ(cost.parameters, expected.parameters) << ToJson(spec);
    ASSERT_EQ(cost.macs, expected.macs) << ToJson(spec);
    ASSERT_EQ(cost.activations, expected.activations) << ToJson(spec);
  }
}

TEST(Cost, IgnoresWhatCostsNothing) {
  ArchitectureSpec spec = ArchitectureByName("robustresnet-a1").value();
  const Cost relu = CostOf(BuildGraph(spec, 32, 10));
  spec.activation = ActivationKind::kSilu;
  spec.pre_process = true;
  const Cost silu = CostOf(BuildGraph(spec, 32, 10));
  EXPECT_EQ(silu.macs, relu.macs);
  EXPECT_EQ(silu.parameters, relu.parameters);
}

TEST(Cost, GrowsByTheHeadAloneWithTheClasses) {
  const ArchitectureSpec spec = ArchitectureByName("wrn-28-10").value();
  const Cost few = CostOf(BuildGraph(spec, 32, 10));
  const Cost many = CostOf(BuildGraph(spec, 32, 100));
  EXPECT_EQ(many.parameters - few.parameters, 90 * 640 + 90);
  EXPECT_EQ(many.macs - few.macs, 90 * 640);
}

}  // namespace
}  // namespace archsweep
