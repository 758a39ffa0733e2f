#include "worker/agent/attempt_watch.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(AttemptWatch, EndsATrainerThatNeverBegins) {
  AttemptWatch watch(1'000);
  EXPECT_EQ(watch.DeadlineMs(), 1'000 + kStartupTimeoutMs);
  EXPECT_EQ(watch.Due(1'000 + kStartupTimeoutMs - 1), WatchAction::kNone);
  EXPECT_EQ(watch.Due(1'000 + kStartupTimeoutMs), WatchAction::kStall);
  EXPECT_EQ(watch.Due(1'000 + kStartupTimeoutMs), WatchAction::kNone);
}

TEST(AttemptWatch, EndsATrainerThatFallsSilent) {
  AttemptWatch watch(0);
  watch.OnLine(10, false);
  watch.OnLine(500'000, false);
  EXPECT_EQ(watch.Due(500'000 + kStallTimeoutMs - 1), WatchAction::kNone);
  EXPECT_EQ(watch.Due(500'000 + kStallTimeoutMs), WatchAction::kStall);
}

TEST(AttemptWatch, EndsATrainerThatLingersAfterItsFinalLine) {
  AttemptWatch watch(0);
  watch.OnLine(10, false);
  watch.OnLine(20, true);
  watch.OnLine(30, false);
  EXPECT_EQ(watch.Due(20 + kLingerTimeoutMs), WatchAction::kKill);
}

TEST(AttemptWatch, ClimbsTheStopLadder) {
  AttemptWatch watch(0);
  EXPECT_FALSE(watch.StopAsked());
  watch.AskStop(100, {.ask_ms = 30, .term_ms = 7});
  EXPECT_TRUE(watch.StopAsked());
  EXPECT_EQ(watch.Due(100), WatchAction::kAsk);
  EXPECT_EQ(watch.Due(129), WatchAction::kNone);
  EXPECT_EQ(watch.Due(130), WatchAction::kTerm);
  EXPECT_EQ(watch.Due(136), WatchAction::kNone);
  EXPECT_EQ(watch.Due(137), WatchAction::kKill);
  EXPECT_EQ(watch.Due(137 + kGoneTimeoutMs - 1), WatchAction::kNone);
  EXPECT_EQ(watch.Due(137 + kGoneTimeoutMs), WatchAction::kGiveUp);
  EXPECT_EQ(watch.Due(INT64_MAX - 1), WatchAction::kNone);
}

TEST(AttemptWatch, DoesNotBeginTheLadderAgainWhenAskedAgain) {
  AttemptWatch watch(0);
  watch.AskStop(0, {.ask_ms = 100, .term_ms = 100});
  EXPECT_EQ(watch.Due(0), WatchAction::kAsk);
  watch.AskStop(50, {.ask_ms = 100, .term_ms = 100});
  EXPECT_EQ(watch.Due(99), WatchAction::kNone);
  EXPECT_EQ(watch.Due(100), WatchAction::kTerm);
}

TEST(AttemptWatch, HurriesTheLadderWhenTheGraceShrinks) {
  AttemptWatch watch(0);
  watch.AskStop(0, {.ask_ms = 3'000, .term_ms = 3'000});
  EXPECT_EQ(watch.Due(0), WatchAction::kAsk);
  watch.AskStop(10, {.ask_ms = 20, .term_ms = 5});
  EXPECT_EQ(watch.Due(30), WatchAction::kTerm);
  EXPECT_EQ(watch.Due(35), WatchAction::kKill);
}

TEST(AttemptWatch, DoesNotTakeProgressForObedience) {
  AttemptWatch watch(0);
  watch.AskStop(0, {.ask_ms = 100, .term_ms = 100});
  EXPECT_EQ(watch.Due(0), WatchAction::kAsk);
  watch.OnLine(90, false);
  EXPECT_EQ(watch.Due(100), WatchAction::kTerm);
}

TEST(AttemptWatch, OnlyWaitsOnceEverythingIsKilled) {
  AttemptWatch watch(0);
  watch.OnKilled(5);
  watch.AskStop(10, {.ask_ms = 1, .term_ms = 1});
  watch.OnLine(11, false);
  watch.OnKilled(12);
  EXPECT_EQ(watch.DeadlineMs(), 5 + kGoneTimeoutMs);
  EXPECT_EQ(watch.Due(5 + kGoneTimeoutMs), WatchAction::kGiveUp);
}

}  // namespace
}  // namespace archsweep
