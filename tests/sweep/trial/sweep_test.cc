#include "sweep/trial/sweep.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(Ranks, ShareTheBatchNormGroupsEvenly) {
  const TrainingSpec four_groups = {.batch_size = 256, .batch_norm_group = 64};
  for (const int ranks : {1, 2, 4}) EXPECT_FALSE(RanksProblem(four_groups, ranks)) << ranks;
  EXPECT_EQ(RanksProblem(four_groups, 3),
            "batch_size 256 makes 4 batch-norm groups of 64, which 3 ranks cannot share evenly");
  EXPECT_TRUE(RanksProblem(four_groups, 8));
}

}  // namespace
}  // namespace archsweep
