#include "sweep/language/where.h"

#include <gtest/gtest.h>

#include "tests/sweep/language/sweep_text.h"

namespace archsweep {
namespace {

using Texts = std::vector<std::string>;

// The depths that are left of all of 1 to 3 in each stage.
size_t Left(const std::string& where) {
  return ExpandOrFail(
             SweepWith("grid: {architecture.depth: {per_stage: [1, 2, 3]}}\nwhere: " + where + "\n",
                       "{width: 1}"))
      .trials.size();
}

TEST(Where, KeepsPointsWithinABudget) {
  EXPECT_EQ(Left("{macs: {max: 1T}}"), 27u);
  // Every block of these networks costs 4.7 or 4.8 million; the smallest has 12.58 million.
  EXPECT_EQ(Left("{macs: {max: 18M}}"), 4u);
  EXPECT_EQ(Left("{macs: {min: 12.6M, max: 0.018G}}"), 3u);
  EXPECT_EQ(Left("{parameters: {max: 77850}}"), 1u);
}

TEST(Where, KeepsPointsByTheirTotals) {
  EXPECT_EQ(Left("{total_depth: {min: 9}}"), 1u);
  EXPECT_EQ(Left("{total_width: {min: 3, max: 3}, total_depth: {max: 4}}"), 4u);
}

TEST(Where, KeepsPointsByAnyField) {
  EXPECT_EQ(Left("{architecture.depth: {max: 2}}"), 8u) << "in each stage";
  EXPECT_EQ(Left("{architecture.depth: {in: [[1, 2, 3], 1]}}"), 2u);
  EXPECT_EQ(Left("{architecture.depth: {not_in: [[1, 2, 3], 1]}}"), 25u);
  EXPECT_EQ(Left("{r_depth: {min: 0.7}}"), 10u) << "7 blocks and more over a width of 3";
}

TEST(Where, LeavesOutWhatHasNoSuchNumber) {
  const std::string text = SweepWith(
      "list: [{architecture: racl}, {seed: 1}]\n"
      "where: {total_depth: {min: 1}}\n");
  EXPECT_EQ(PointsOf(ExpandOrFail(text)), Texts{"D 1-1-1 W 1-1-1 seed 1 beta 6"});
}

TEST(Where, ThatLeavesNothingIsAMistake) {
  EXPECT_EQ(MistakesOf(SweepWith("seeds: 3\nwhere: {macs: {max: 3}}\n")),
            "f:8:1: where leaves none of the 3 points");
}

TEST(Where, NamesItsMistakes) {
  EXPECT_EQ(MistakesOf(SweepWith("where: {mac: {max: 3}}\n")),
            "f:7:9: unknown condition 'mac' (did you mean 'macs'?)");
  EXPECT_EQ(MistakesOf(SweepWith("where: {colour: {max: 3}}\n")),
            "f:7:9: unknown condition 'colour'; known are: parameters, macs, total_depth, "
            "total_width, r_depth, and every field by its path");
  EXPECT_EQ(MistakesOf(SweepWith("where: {macs: 5}\n")),
            "f:7:15: where.macs is '5'; it must be a map");
  EXPECT_EQ(MistakesOf(SweepWith("where: {macs: {}}\n")),
            "f:7:15: where.macs is empty; give min, max, in or not_in");
  EXPECT_EQ(MistakesOf(SweepWith("where: {macs: {max: big}}\n")),
            "f:7:21: where.macs.max is 'big'; it must be a number, such as 0.7, 4e9 or 4G");
  EXPECT_EQ(MistakesOf(SweepWith("where: {macs: {in: [5]}}\n")),
            "f:7:16: macs is no field; give min and max");
  EXPECT_EQ(MistakesOf(SweepWith("where: {architecture.block: {min: 1}}\n")),
            "f:7:9: architecture.block is no number; give in or not_in");
  EXPECT_EQ(MistakesOf(SweepWith("where: {training.beta: {in: [x]}}\n")),
            "f:7:30: where.training.beta is 'x'; it must be a finite number, such as 6, 0.1 or "
            "1e-3");
}

}  // namespace
}  // namespace archsweep
