#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/text.h"
#include "storage/database.h"
#include "tests/storage/faults/script.h"

namespace archsweep {
namespace {

constexpr int kSamples = 8;  // Of each kind of fault; every_fault_test.cc takes all.

class FaultsTest : public testing::Test {
 protected:
  FaultsTest() : trace_(__FILE__, __LINE__, Format("seed {}", seed_)) {}

  int AnyOf(int count) { return 1 + static_cast<int>(random_() % static_cast<unsigned>(count)); }

  const unsigned seed_ = std::random_device()();
  std::mt19937 random_{seed_};
  const testing::ScopedTrace trace_;
};

TEST_F(FaultsTest, LoseNothingAcknowledgedOnABrokenDisk) {
  const CallCounts counts = CountCalls();
  for (size_t i = 0; i < kDiskCalls.size(); ++i) {
    ASSERT_GT(counts.calls[i], 0) << NameOf(kDiskCalls[i]);
    for (int sample = 0; sample < kSamples; ++sample) {
      ExpectSurvives({.call = kDiskCalls[i],
                      .number = AnyOf(counts.calls[i]),
                      .code = BrokenCode(kDiskCalls[i]),
                      .for_good = sample % 2 == 1});
    }
  }
}

TEST_F(FaultsTest, LoseNothingOnAFullDiskAndGoOnWithTheSameStore) {
  const CallCounts counts = CountCalls();
  for (int sample = 0; sample < kSamples; ++sample) {
    ExpectSurvives({.call = DiskCall::kWrite,
                    .number = AnyOf(counts.calls[0]),
                    .code = SQLITE_FULL,
                    .for_good = sample % 2 == 1});
  }
}

TEST_F(FaultsTest, LoseNothingWhereSomebodyElseHoldsALock) {
  const CallCounts counts = CountCalls();
  for (int sample = 0; sample < kSamples; ++sample) {
    ExpectSurvives({.call = DiskCall::kLock,
                    .number = AnyOf(counts.calls[3]),
                    .code = SQLITE_BUSY,
                    .for_good = sample % 2 == 1});
  }
}

TEST_F(FaultsTest, LoseNothingAcknowledgedWithThePower) {
  const CallCounts counts = CountCalls();
  for (int sample = 0; sample < 3 * kSamples; ++sample) {
    ExpectSurvivesPowerLoss(AnyOf(counts.changes), random_());
  }
}

// The disk itself: what it says would survive is what was synced, and nothing else for sure.
TEST_F(FaultsTest, AreOfADiskThatForgetsWhatWasNotSynced) {
  const TemporaryFolder folder;
  const TemporaryFolder after;
  FaultDisk disk;
  Database database = Database::Open(folder.Path() / "a.db", OpenMode::kReadWrite).value();
  ASSERT_TRUE(database.RunScript("CREATE TABLE a (x)"));
  ASSERT_TRUE(database.RunScript("PRAGMA synchronous = OFF"));
  ASSERT_TRUE(database.RunScript("INSERT INTO a VALUES (1)"));
  std::set<int64_t> seen;
  for (uint64_t seed = 0; seed < 32; ++seed) {
    disk.WriteSurvivors(folder.Path(), after.Path(), seed);
    std::filesystem::remove(after.Path() / "a.db-journal");
    Database kept = Database::Open(after.Path() / "a.db", OpenMode::kReadWrite).value();
    if (const auto count = kept.Integer("SELECT count(*) FROM a")) seen.insert(count->value_or(0));
  }
  EXPECT_EQ(seen, (std::set<int64_t>{0, 1}));
}

}  // namespace
}  // namespace archsweep
