#include "cli/work_display.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(WorkLine, TellsShareSpeedAndTimeToTheEnd) {
  EXPECT_EQ(WorkLine("unpacking", WorkUnit::kBytes, 50'000'000, 200'000'000, 5'000),
            "unpacking  [#####---------------]  50 MB of 200 MB, 10 MB/s, ETA 15 s");
  EXPECT_EQ(WorkLine("decoding", WorkUnit::kImages, 1'000, 110'000, 500),
            "decoding  [--------------------]  1000 of 110000 images, 2000/s, ETA 55 s");
}

TEST(WorkLine, TellsOnlyWhatIsDoneWhereTheTotalIsUnknown) {
  EXPECT_EQ(WorkLine("downloading", WorkUnit::kBytes, 3'000'000, 0, 1'000),
            "downloading  3 MB, 3 MB/s");
}

TEST(WorkLine, EstimatesNothingBeforeAnythingIsDone) {
  EXPECT_EQ(WorkLine("downloading", WorkUnit::kBytes, 0, 200'000'000, 1'000),
            "downloading  [--------------------]  0 B of 200 MB, 0 B/s, ETA estimating");
}

}  // namespace
}  // namespace archsweep
