#include "worker/agent/call_schedule.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

constexpr int64_t kNextMs = 2'000;

CallSchedule AnsweredAt(int64_t now_ms) {
  CallSchedule schedule;
  schedule.OnSent(now_ms);
  schedule.OnAnswered(now_ms, kNextMs, false);
  return schedule;
}

TEST(CallSchedule, CallsAtOnceInTheBeginning) { EXPECT_EQ(CallSchedule().NextCallMs({}, true), 0); }

TEST(CallSchedule, CallsWhenToldWhileNothingHappens) {
  EXPECT_EQ(AnsweredAt(100).NextCallMs({}, false), 100 + kNextMs);
}

TEST(CallSchedule, TellsAnEndAtOnce) {
  const CallSchedule schedule = AnsweredAt(100);
  EXPECT_EQ(schedule.NextCallMs({.final = true, .oldest_line_ms = {}}, false),
            100);
}

TEST(CallSchedule, GathersLines) {
  EXPECT_EQ(AnsweredAt(100).NextCallMs({.oldest_line_ms = 300}, false), 300 + kGatherMs);
}

TEST(CallSchedule, BacksOffWhileTheCoordinatorIsAway) {
  CallSchedule schedule = AnsweredAt(0);
  const News end = {.final = true, .oldest_line_ms = {}};
  int64_t now_ms = 1'000;
  for (const int64_t wait_ms : {200, 400, 800, 1'600, 2'000, 2'000}) {
    schedule.OnFailed(now_ms);
    EXPECT_EQ(schedule.NextCallMs(end, false), now_ms + wait_ms);
    EXPECT_EQ(schedule.NextCallMs({}, true), now_ms + wait_ms);
    now_ms += wait_ms;
  }
  schedule.OnAnswered(now_ms, kNextMs, false);
  schedule.OnFailed(now_ms);
  EXPECT_EQ(schedule.NextCallMs(end, false), now_ms + kRetryFirstMs);
}

TEST(CallSchedule, HangsAgainAtOnceButNotInACircle) {
  CallSchedule schedule;
  schedule.OnSent(1'000);
  schedule.OnAnswered(21'000, kNextMs, true);
  EXPECT_LE(schedule.NextCallMs({}, true), 21'000);
  schedule.OnSent(21'000);
  schedule.OnAnswered(21'001, kNextMs, true);
  EXPECT_EQ(schedule.NextCallMs({}, true), 21'000 + kIdlePauseMs);
  EXPECT_EQ(schedule.NextCallMs({.final = true, .oldest_line_ms = {}}, false),
            21'001)
      << "the pause is for idle calls only";
}

}  // namespace
}  // namespace archsweep
