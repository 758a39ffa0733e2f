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

TEST(FullDisk, PausesTheEngineWhichAnswersWhenThereIsSpace) {
  const TemporaryFolder folder;
  const SystemClock clock;
  FaultDisk disk;
  auto engine =
      Engine::StartOnly(Store::Open(folder.Path(), clock).value(), SmallSweep(1), clock).value();
  disk.FailAt({.call = DiskCall::kWrite, .number = 1, .code = SQLITE_FULL, .for_good = true});
  std::atomic<bool> came = false;
  Message message = RegisterCall{{.worker = RandomId<WorkerId>(), .host = "h", .cpu_slots = 1},
                                 std::make_unique<Answer>(came)};
  ASSERT_TRUE(engine->Post(message));
  ASSERT_TRUE(Becomes([&] { return engine->Latest()->pause.has_value(); }));
  EXPECT_NE(engine->Latest()->pause->message.find("free some space"), std::string::npos);
  EXPECT_FALSE(engine->Latest()->fatal);
  EXPECT_FALSE(came) << "what is not on disk is told to nobody";
  disk.Mend();
  EXPECT_TRUE(Becomes([&] { return came.load(); }));
  EXPECT_FALSE(engine->Latest()->pause);
  engine.reset();
}

TEST(FullDisk, DoesNotKeepTheEngineFromEnding) {
  const TemporaryFolder folder;
  const SystemClock clock;
  FaultDisk disk;
  auto engine =
      Engine::StartOnly(Store::Open(folder.Path(), clock).value(), SmallSweep(1), clock).value();
  disk.FailAt({.call = DiskCall::kWrite, .number = 1, .code = SQLITE_FULL, .for_good = true});
  std::atomic<bool> came = false;
  Message message = RegisterCall{{.worker = RandomId<WorkerId>(), .host = "h", .cpu_slots = 1},
                                 std::make_unique<Answer>(came)};
  ASSERT_TRUE(engine->Post(message));
  ASSERT_TRUE(Becomes([&] { return engine->Latest()->pause.has_value(); }));
  const auto begin = std::chrono::steady_clock::now();
  engine.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(kFullDiskRetryMs));
  EXPECT_FALSE(came);
}

}  // namespace
}  // namespace archsweep
