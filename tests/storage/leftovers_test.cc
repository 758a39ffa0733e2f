#include "storage/leftovers.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "base/text.h"
#include "storage/store.h"
#include "sweep/attempt/layout.h"
#include "tests/base/temporary_folder.h"
#include "tests/storage/example.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

// Trial 0 was trained by attempt 2, after attempt 1 was lost; attempt 3 works on trial 1.
class LeftoversTest : public testing::Test {
 protected:
  LeftoversTest() {
    const TaskId first = TaskId::Train(sweep_.trials[0].id);
    const std::string folder = CheckpointsOf(sweep_.trials[0].id) / "2/step-7";
    Store store = Store::Open(Shared(), clock_).value();
    CHECK(store.Submit(sweep_));
    CHECK(store.Commit(std::vector<Change>{ExampleWorker(), Assign(1, first), Start(1),
                                           Break(1, first), Assign(2, first, 2), Start(2),
                                           Train(2, sweep_.trials[0].id, false, folder)}));
    CHECK(store.Commit(std::vector<Change>{Assign(3, TaskId::Train(sweep_.trials[1].id))}));
  }

  // A file of 10 bytes that was written so long ago.
  void Write(const fs::path& path, std::chrono::hours age = std::chrono::hours(48)) {
    const fs::path file = Shared() / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "0123456789";
    const auto written = fs::file_time_type::clock::now() - age;
    for (fs::path part = file; part != Shared(); part = part.parent_path()) {
      fs::last_write_time(part, written);
    }
  }
  std::vector<fs::path> Found(int64_t age_ms = 24 * 3'600'000) {
    std::vector<fs::path> paths;
    const auto found = FindLeftovers(Shared(), Shared(), age_ms, clock_).value();
    for (const Leftover& leftover : found) {
      paths.push_back(leftover.path.lexically_relative(Shared()));
    }
    return paths;
  }
  const fs::path& Shared() const { return folder_.Path(); }
  fs::path Checkpoints(size_t trial) const { return CheckpointsOf(sweep_.trials[trial].id); }

  TestClock clock_;
  TemporaryFolder folder_;
  ExpandedSweep sweep_ = ExampleSweep(2);
};

using Paths = std::vector<fs::path>;

TEST_F(LeftoversTest, AreNoneWhereThereIsNothing) { EXPECT_EQ(Found(), Paths()); }

TEST_F(LeftoversTest, AreCheckpointsBesideTheWeightsOfATrainingThatEnded) {
  Write(Checkpoints(0) / "1/step-3/state.safetensors");
  Write(Checkpoints(0) / "2/step-3/state.safetensors");
  Write(Checkpoints(0) / "2/step-7/model.safetensors");
  EXPECT_EQ(Found(), (Paths{Checkpoints(0) / "1", Checkpoints(0) / "2/step-3"}));
  EXPECT_EQ(FindLeftovers(Shared(), Shared(), kLeastLeftoverAgeMs, clock_).value()[0].bytes, 10);
}

TEST_F(LeftoversTest, AreNotWhatATaskThatIsNotDoneMayGoOnFrom) {
  Write(Checkpoints(1) / "3/step-3/state.safetensors");
  Write(Checkpoints(1) / "2/step-3/state.safetensors");
  EXPECT_EQ(Found(), Paths());
}

TEST_F(LeftoversTest, AreWhatTheDatabaseDoesNotKnow) {
  const fs::path unknown = fs::path("checkpoints") / std::string(32, '0');
  Write(unknown / "9/step-1/state.safetensors");
  Write("logs/9.log");
  Write("logs/2.log");
  Write("artifacts" / fs::path(std::string(32, '0')) / "9/margins.safetensors");
  EXPECT_EQ(Found(), (Paths{"logs/9.log", unknown / "9",
                            fs::path("artifacts") / std::string(32, '0') / "9"}));
}

TEST_F(LeftoversTest, AreNotWhatALiveAttemptOwns) {
  Write("artifacts" / fs::path(std::string(32, '0')) / "3/margins.safetensors");
  EXPECT_EQ(Found(), Paths());
}

TEST_F(LeftoversTest, AreNotYoung) {
  Write("logs/9.log", std::chrono::hours(2));
  Write(Checkpoints(0) / "1/step-1/state.safetensors");
  Write(Checkpoints(0) / "1/step-2/state.safetensors", std::chrono::hours(2));
  fs::last_write_time(Shared() / Checkpoints(0) / "1",
                      fs::file_time_type::clock::now() - std::chrono::hours(48));
  EXPECT_EQ(Found(), Paths());
  EXPECT_EQ(Found(kLeastLeftoverAgeMs).size(), 2u);
  EXPECT_EQ(FindLeftovers(Shared(), Shared(), kLeastLeftoverAgeMs - 1, clock_).error().kind,
            ErrorKind::kInvalidInput);
}

TEST_F(LeftoversTest, AreToldInPartsAndEndWhenAsked) {
  for (const char* log : {"logs/7.log", "logs/8.log", "logs/9.log"}) Write(log);
  const auto find = [&](const LeftoverBounds& bounds) {
    return FindLeftovers(Shared(), Shared(), kLeastLeftoverAgeMs, clock_, bounds);
  };
  const auto first = find({.count_max = 2}).value();
  ASSERT_EQ(first.size(), 2u);
  for (const Leftover& leftover : first) ASSERT_TRUE(Remove(leftover));
  EXPECT_TRUE(Remove(first.front())) << "one that is gone is fine";
  const auto rest = find({.count_max = 2}).value();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].path, Shared() / "logs/9.log");
  const auto ended =
      find({.go_on = [] { return Status(Fail(ErrorKind::kUnavailable, "enough")); }});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "enough");
}

TEST_F(LeftoversTest, AreNotWhatHasOtherNames) {
  Write("logs/mine.txt");
  Write("logs/9.txt");
  Write("checkpoints/mine/9/step-1/state.safetensors");
  Write(Checkpoints(0) / "imported/model.safetensors");
  Write("notes/9.log");
  EXPECT_EQ(Found(), Paths());
}

}  // namespace
}  // namespace archsweep
