#include "sweep/attempt/rank_failure.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

RankFailure At(int rank, int64_t time_ms, const char* message) {
  return {rank, time_ms, {FailureClass::kOutOfMemory, message}};
}

TEST(RankFailures, AreReadInTheOrderOfTime) {
  const TemporaryFolder folder;
  EXPECT_FALSE(FirstRankFailure(folder.Path(), 4));
  ASSERT_TRUE(WriteRankFailure(folder.Path(), At(0, 30, "an echo")));
  ASSERT_TRUE(WriteRankFailure(folder.Path(), At(2, 10, "the cause")));
  ASSERT_TRUE(WriteRankFailure(folder.Path(), At(3, 20, "another echo")));
  EXPECT_EQ(FirstRankFailure(folder.Path(), 4), At(2, 10, "the cause"));
  EXPECT_EQ(FirstRankFailure(folder.Path(), 2), At(0, 30, "an echo"));
}

TEST(RankFailures, MaySayWhatIsNoText) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteRankFailure(folder.Path(), At(0, 1, "bytes \xff\xfe")));
  ASSERT_TRUE(FirstRankFailure(folder.Path(), 1));
}

TEST(RankFailures, ThatWereCutOffDoNotCount) {
  const TemporaryFolder folder;
  std::ofstream(folder.Path() / "rank-0.failure.json") << R"({"class": "task", "mess)";
  std::ofstream(folder.Path() / "rank-1.failure.json") << R"({"class": "no such class",
      "message": "", "time_ms": 1})";
  EXPECT_FALSE(FirstRankFailure(folder.Path(), 2));
  EXPECT_FALSE(WriteRankFailure(folder.Path() / "nowhere", At(0, 1, "")));
}

}  // namespace
}  // namespace archsweep
