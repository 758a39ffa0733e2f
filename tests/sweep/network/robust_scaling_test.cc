#include "sweep/network/robust_scaling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <string>

#include "base/text.h"

namespace archsweep {
namespace {

using Stages = PerStage<int>;

constexpr int64_t kMega = 1'000'000;
constexpr int64_t kGiga = 1'000'000'000;
constexpr double kOfRatios = 1e-9;  // What the division of two whole numbers may be off by.

int TotalOf(const Stages& stages) { return std::accumulate(stages.begin(), stages.end(), 0); }

double RatioOf(const ArchitectureSpec& spec) {
  const int depth = TotalOf(spec.depth);
  return static_cast<double>(depth) / (depth + TotalOf(spec.width));
}

ScaledNetwork Scaled(const ScalingTarget& target) {
  const auto network = ScaleRobustly(target);
  EXPECT_TRUE(network) << network.error().message;
  return network.value_or(ScaledNetwork());
}

std::string MistakeOf(const ScalingTarget& target) {
  const auto network = ScaleRobustly(target);
  EXPECT_FALSE(network);
  if (network) return "";
  EXPECT_EQ(network.error().kind, ErrorKind::kInvalidInput);
  return network.error().message;
}

// The networks of the paper, of either block (section 4.5), and the multiply-accumulates with basic
// blocks.
struct PublishedRow {
  int64_t budget;
  Stages depth;
  Stages width;
  double basic_macs;
};

constexpr PublishedRow kPublished[] = {
    {5, {14, 14, 7}, {5, 7, 3}, 5.08},     {10, {17, 17, 8}, {7, 9, 4}, 10.84},
    {15, {20, 20, 10}, {7, 10, 4}, 14.6},  {20, {22, 22, 11}, {8, 11, 5}, 20.23},
    {30, {25, 25, 12}, {9, 13, 5}, 30.53}, {40, {27, 28, 13}, {10, 14, 6}, 40.40},
};

TEST(RobustScaling, GivesThePublishedNetworksOfBothBlocks) {
  for (const PublishedRow& row : kPublished) {
    for (const BlockType* block : {KnownBlock("basic"), KnownBlock("robust")}) {
      SCOPED_TRACE(Format("{} G, {}", row.budget, block->name));
      const ScaledNetwork network = Scaled({.macs = row.budget * kGiga, .block = block});
      EXPECT_EQ(network.source, ScalingSource::kPublished);
      EXPECT_EQ(network.spec,
                (ArchitectureSpec{.block = block, .depth = row.depth, .width = row.width}));
      EXPECT_EQ(network.r_depth, RatioOf(network.spec));
      EXPECT_NEAR(network.r_depth, kPublishedDepthRatio, kDepthRatioSlack);
      const Cost cost = CostOf(BuildGraph(network.spec, 32, 10));
      EXPECT_EQ(network.cost.macs, cost.macs);
      EXPECT_EQ(network.cost.parameters, cost.parameters);
      if (block != KnownBlock("basic")) continue;
      EXPECT_NEAR(static_cast<double>(cost.macs) / static_cast<double>(kGiga), row.basic_macs,
                  0.005 + kOfRatios);
    }
  }
}

TEST(RobustScaling, GivesTheNetworksThatHaveNames) {
  for (size_t i = 0; const int64_t budget : {5, 10, 20, 40}) {
    ++i;
    EXPECT_EQ(Scaled({.macs = budget * kGiga}).spec, ArchitectureByName(Format("wrn-a{}", i)));
    EXPECT_EQ(Scaled({.macs = budget * kGiga, .block = KnownBlock("robust")}).spec,
              ArchitectureByName(Format("robustresnet-a{}", i)));
  }
}

TEST(RobustScaling, TakesPublishedNetworksOnlyWhereTheyWerePublishedFor) {
  const auto source_of = [](const ScalingTarget& target) { return Scaled(target).source; };
  EXPECT_EQ(source_of({.macs = 20 * kGiga, .classes = 100}), ScalingSource::kPublished);
  EXPECT_EQ(source_of({.macs = 20 * kGiga, .parameters = 75'302'762}), ScalingSource::kPublished);
  EXPECT_EQ(source_of({.macs = 20 * kGiga, .parameters = 75 * kMega}), ScalingSource::kRule);
  EXPECT_EQ(source_of({.macs = 20 * kGiga + 1}), ScalingSource::kRule);
  EXPECT_EQ(source_of({.macs = 20 * kGiga, .r_depth = 0.69}), ScalingSource::kRule);
  EXPECT_EQ(source_of({.macs = 20 * kGiga, .image_size = 64}), ScalingSource::kRule);
  EXPECT_EQ(source_of({.parameters = 75'302'762}), ScalingSource::kRule);
}

// Section 4.5 to the letter, in fractions.
ArchitectureSpec SpecOfTotals(const BlockType* block, int depth, int width) {
  const auto d1 = static_cast<int>(std::lround(0.4 * depth));
  const auto d3 = static_cast<int>(std::floor(depth / 5.0));
  const auto w1 = static_cast<int>(std::floor(width / 2.75));
  const auto w3 = static_cast<int>(std::ceil(width / 5.5));
  return {.block = block, .depth = {d1, depth - d1 - d3, d3}, .width = {w1, width - w1 - w3, w3}};
}

// How near to the target the nearest of all networks up to these totals comes.
int64_t LeastDistance(const ScalingTarget& target) {
  constexpr int kDepthTotals = 80;
  constexpr int kWidthTotals = 40;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (int width = 3; width <= kWidthTotals; ++width) {
    const CostByDepth costs(SpecOfTotals(target.block, 5, width), target.image_size,
                            target.classes);
    for (int depth = 5; depth <= kDepthTotals; ++depth) {
      const ArchitectureSpec spec = SpecOfTotals(target.block, depth, width);
      if (std::abs(RatioOf(spec) - target.r_depth) > kDepthRatioSlack + kOfRatios) continue;
      const Cost cost = costs.At(spec.depth);
      if (target.macs && target.parameters && cost.parameters > *target.parameters) continue;
      least = std::min(least, std::abs(target.macs ? cost.macs - *target.macs
                                                   : cost.parameters - *target.parameters));
    }
  }
  return least;
}

TEST(RobustScaling, FindsNoneThatAnAdmissiblePairComesCloserThan) {
  const unsigned seed = 20'221'219;
  SCOPED_TRACE(Format("seed {}", seed));
  std::mt19937_64 random(seed);
  const auto between = [&](int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random() % static_cast<uint64_t>(most - least));
  };
  for (int i = 0; i < 20; ++i) {
    ScalingTarget target = {.block = i % 2 == 0 ? KnownBlock("basic") : KnownBlock("robust"),
                            .r_depth = static_cast<double>(between(50, 75)) / 100,
                            .image_size = i % 5 == 0 ? 16 : 32,
                            .classes = i % 7 == 0 ? 100 : 10};
    if (i % 3 != 0) target.macs = between(200 * kMega, 3 * kGiga);
    if (i % 3 != 1) target.parameters = between(1 * kMega, 8 * kMega);
    SCOPED_TRACE(Format("{} macs, {} parameters, r_depth {}", target.macs.value_or(-1),
                        target.parameters.value_or(-1), target.r_depth));
    const ScaledNetwork network = Scaled(target);
    EXPECT_EQ(network.source, ScalingSource::kRule);
    EXPECT_LE(std::abs(network.r_depth - target.r_depth), kDepthRatioSlack + kOfRatios);
    const int64_t distance = target.macs ? network.cost.macs - *target.macs
                                         : network.cost.parameters - *target.parameters;
    ASSERT_EQ(std::abs(distance), LeastDistance(target)) << ToJson(network.spec);
    if (target.macs && target.parameters) {
      EXPECT_LE(network.cost.parameters, *target.parameters);
    }
  }
}

TEST(RobustScaling, KeepsTheSplitTheRatioAndTheCountsAtAllSizes) {
  constexpr double kFarthest = 0.09;  // At 1 G and r_depth 0.3, where whole widths are coarse.
  for (const BlockType* block : {KnownBlock("basic"), KnownBlock("robust")}) {
    for (const double macs : {1e9, 1e12}) {
      for (const double r_depth : {0.3, 0.7, 0.9}) {
        SCOPED_TRACE(Format("{} of {}, r_depth {}", macs, block->name, r_depth));
        const ScalingTarget target = {
            .macs = static_cast<int64_t>(macs), .block = block, .r_depth = r_depth};
        const ScaledNetwork network = Scaled(target);
        const ArchitectureSpec& spec = network.spec;
        EXPECT_EQ(spec, SpecOfTotals(block, TotalOf(spec.depth), TotalOf(spec.width)));
        EXPECT_TRUE(Problems(spec).empty());
        EXPECT_EQ(network.r_depth, RatioOf(spec));
        EXPECT_LE(std::abs(network.r_depth - r_depth), kDepthRatioSlack + kOfRatios);
        EXPECT_EQ(network.cost.macs, CostOf(BuildGraph(spec, 32, 10)).macs);
        EXPECT_NEAR(static_cast<double>(network.cost.macs), macs, kFarthest * macs);
      }
    }
  }
}

TEST(RobustScaling, GivesTheSameNetworkForTheSameTarget) {
  const ScalingTarget target = {.macs = 7 * kGiga, .parameters = 25 * kMega};
  EXPECT_EQ(Scaled(target).spec, Scaled(target).spec);
}

TEST(RobustScaling, GrowsWithTheTarget) {
  Cost by_macs;
  Cost by_parameters;
  for (int64_t step = 1; step <= 12; ++step) {
    const Cost next_by_macs = Scaled({.macs = step * 3500 * kMega + 1}).cost;
    EXPECT_GE(next_by_macs.macs, by_macs.macs);
    by_macs = next_by_macs;
    const Cost next_by_parameters = Scaled({.parameters = step * 13 * kMega}).cost;
    EXPECT_GE(next_by_parameters.parameters, by_parameters.parameters);
    by_parameters = next_by_parameters;
  }
}

TEST(RobustScaling, FindsAnExactTargetAgain) {
  const Cost cost = CostOf(BuildGraph(SpecOfTotals(KnownBlock("basic"), 53, 23), 32, 10));
  EXPECT_EQ(Scaled({.macs = cost.macs}).cost.macs, cost.macs);
  EXPECT_EQ(Scaled({.parameters = cost.parameters}).cost.parameters, cost.parameters);
}

TEST(RobustScaling, GivesTheNarrowerOfTwoThatAreEquallyClose) {
  // The two least at 0.7.
  const ArchitectureSpec narrow = SpecOfTotals(KnownBlock("basic"), 7, 3);
  const ArchitectureSpec wide = SpecOfTotals(KnownBlock("basic"), 9, 4);
  const int64_t sum =
      CostOf(BuildGraph(narrow, 32, 10)).macs + CostOf(BuildGraph(wide, 32, 10)).macs;
  ASSERT_EQ(sum % 2, 0);
  EXPECT_EQ(Scaled({.macs = sum / 2}).spec, narrow);
  EXPECT_EQ(Scaled({.macs = sum / 2 + 1}).spec, wide);
}

// 29 / 40 and 27 / 40 lie on the bounds about 0.7 exactly, and beside them in fractions of two.
TEST(RobustScaling, CountsTheBoundsOfTheRatioAsWithin) {
  for (const int depth : {29, 27}) {
    const ArchitectureSpec spec = SpecOfTotals(KnownBlock("basic"), depth, 40 - depth);
    const Cost cost = CostOf(BuildGraph(spec, 32, 10));
    EXPECT_EQ(Scaled({.macs = cost.macs}).spec, spec);
    EXPECT_NE(Scaled({.macs = cost.macs, .r_depth = depth == 29 ? 0.699999 : 0.700001}).spec, spec);
  }
}

// The reason for kDepthRatioSlack.
TEST(RobustScaling, HasADepthWithinTheBoundForEveryWidth) {
  for (int r = 1; r < 1000; ++r) {
    const double ratio = r / 1000.0;
    for (int width = 3; width <= 564; ++width) {
      const double called_for = width * ratio / (1 - ratio);
      if (called_for < 5) continue;
      const double depth = std::round(called_for);
      ASSERT_LE(std::abs(depth / (depth + width) - ratio), kDepthRatioSlack)
          << ratio << ", width total " << width;
    }
  }
}

TEST(RobustScaling, NamesTheRangeOfWhatIsOutOfReach) {
  const std::string small = MistakeOf({.macs = 1'000'000});
  EXPECT_TRUE(
      small.starts_with("macs is 1000000; networks of basic blocks with r_depth within "
                        "0.025 of 0.7, for images of 32 pixels a side, have from 31548096 "
                        "(31.55 M) to "))
      << small;
  EXPECT_NE(small.find("choose a value between"), std::string::npos) << small;
  EXPECT_EQ(Scaled({.macs = 31'548'096}).cost.macs, 31'548'096);
  EXPECT_TRUE(MistakeOf({.macs = 31'548'095}).starts_with("macs is 31548095;"));
  for (const int64_t macs : {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{0},
                             1'000'000 * kGiga, std::numeric_limits<int64_t>::max()}) {
    EXPECT_TRUE(MistakeOf({.macs = macs}).starts_with(Format("macs is {};", macs)));
    EXPECT_TRUE(MistakeOf({.parameters = macs}).starts_with(Format("parameters is {};", macs)));
  }
}

TEST(RobustScaling, RefusesABoundOfParametersBelowEveryNetworkAlone) {
  EXPECT_TRUE(MistakeOf({.macs = 20 * kGiga, .parameters = 1000})
                  .starts_with("parameters is 1000; networks of basic blocks"));
  const int64_t unbounded = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Scaled({.macs = 7 * kGiga, .parameters = unbounded}).spec,
            Scaled({.macs = 7 * kGiga}).spec);
}

TEST(RobustScaling, RefusesWhatIsNoRatio) {
  for (const double r_depth : {-0.7, 0.0, 1.0, 70.0, std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity()}) {
    const std::string mistake = MistakeOf({.macs = 20 * kGiga, .r_depth = r_depth});
    EXPECT_TRUE(mistake.starts_with(Format("r_depth is {};", r_depth))) << mistake;
    EXPECT_NE(mistake.find("between 0 and 1"), std::string::npos) << mistake;
  }
}

TEST(RobustScaling, HasSomethingToChooseFromAtExtremeRatios) {
  for (const double r_depth : {1e-9, 0.001, 0.999, 1 - 1e-9}) {
    EXPECT_GT(Scaled({.macs = 200 * kGiga, .r_depth = r_depth}).cost.macs, 190 * kGiga) << r_depth;
  }
}

}  // namespace
}  // namespace archsweep
