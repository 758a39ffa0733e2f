#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "coordinator/engine.h"
#include "coordinator/patience.h"
#include "tests/base/temporary_folder.h"
#include "tests/coordinator/sweep_fixture.h"
#include "tests/storage/faults/fault_disk.h"

namespace archsweep {
namespace {

constexpr std::chrono::seconds kPatience(20);

TEST(CommitWhenThereIsSpace, TriesAgainUntilTheDiskHasSpace) {
  int tries = 0;
  int waits = 0;
  const Status committed = CommitWhenThereIsSpace(
      [&]() -> Status {
        if (++tries < 4) return Fail(ErrorKind::kDiskFull, "full");
        return {};
      },
      [&](const Error& full, int64_t ms) {
        EXPECT_EQ(full.message, "full");
        EXPECT_EQ(ms, kFullDiskRetryMs);
        ++waits;
        return true;
      });
  EXPECT_TRUE(committed);
  EXPECT_EQ(tries, 4);
  EXPECT_EQ(waits, 3);
}

TEST(CommitWhenThereIsSpace, DoesNotTryABrokenDiskAgain) {
  int tries = 0;
  const Status committed = CommitWhenThereIsSpace(
      [&]() -> Status {
        ++tries;
        return Fail(ErrorKind::kIo, "broken");
      },
      [](const Error&, int64_t) { return true; });
  EXPECT_EQ(committed.error().kind, ErrorKind::kIo);
  EXPECT_EQ(tries, 1);
}

TEST(CommitWhenThereIsSpace, GivesUpWhenToldToAndAfterADay) {
  const auto full = []() -> Status { return Fail(ErrorKind::kDiskFull, "full"); };
  EXPECT_FALSE(CommitWhenThereIsSpace(full, [](const Error&, int64_t) { return false; }));
  int64_t waited_ms = 0;
  EXPECT_FALSE(CommitWhenThereIsSpace(full, [&](const Error&, int64_t ms) {
    waited_ms += ms;
    return true;
  }));
  EXPECT_EQ(waited_ms, kFullDiskPatienceMs);
}

// The answer to a worker's registration, and whether it came.
class Answer final : public Reply<RegisterAnswer> {
 public:
  explicit Answer(std::atomic<bool>& came) : came_(came) {}
  void Send(Result<RegisterAnswer> answer) override { came_ = answer.has_value(); }

 private:
  std::atomic<bool>& came_;
};

template <class Predicate>
bool Becomes(Predicate holds) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return holds();
}

// An engine that has something to commit to a disk that became full.
class FullDisk : public testing::Test {
 protected:
  void SetUp() override {
    disk_.FailAt({.call = DiskCall::kWrite, .number = 1, .code = SQLITE_FULL, .for_good = true});
    Message message = RegisterCall{{.worker = RandomId<WorkerId>(), .host = "h", .cpu_slots = 1},
                                   std::make_unique<Answer>(came_)};
    ASSERT_TRUE(engine_->Post(message));
    ASSERT_TRUE(Becomes([&] { return engine_->Latest()->pause.has_value(); }));
  }

  const TemporaryFolder folder_;
  const SystemClock clock_;
  FaultDisk disk_;
  std::atomic<bool> came_ = false;
  std::unique_ptr<Engine> engine_ =
      Engine::StartOnly(Store::Open(folder_.Path(), clock_).value(), SmallSweep(1), clock_).value();
};

TEST_F(FullDisk, PausesTheEngineWhichAnswersWhenThereIsSpace) {
  EXPECT_NE(engine_->Latest()->pause->message.find("free some space"), std::string::npos);
  EXPECT_FALSE(engine_->Latest()->fatal);
  EXPECT_FALSE(came_) << "what is not on disk is told to nobody";
  disk_.Mend();
  EXPECT_TRUE(Becomes([&] { return came_.load(); }));
  EXPECT_FALSE(engine_->Latest()->pause);
}

TEST_F(FullDisk, DoesNotKeepTheEngineFromEnding) {
  const auto begin = std::chrono::steady_clock::now();
  engine_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(kFullDiskRetryMs));
  EXPECT_FALSE(came_);
}

}  // namespace
}  // namespace archsweep
