#include "worker/agent/verdict.h"

#include <gtest/gtest.h>

#include <csignal>
#include <utility>
#include <vector>

#include "sweep/attempt/exit_code.h"

namespace archsweep {
namespace {

Failure Left(int code, EndedBy by = EndedBy::kItself) {
  return VerdictOf({.signaled = false, .code = code}, by, "", "LOG");
}

Failure Killed(int signal, EndedBy by = EndedBy::kItself) {
  return VerdictOf({.signaled = true, .code = signal}, by, "", "LOG");
}

TEST(Verdict, ReadsTheExitCode) {
  const std::vector<std::pair<int, FailureClass>> expected = {
      {static_cast<int>(TrainerExit::kDone), FailureClass::kTask},
      {static_cast<int>(TrainerExit::kInternal), FailureClass::kTask},
      {static_cast<int>(TrainerExit::kStorage), FailureClass::kStorage},
      {static_cast<int>(TrainerExit::kStopped), FailureClass::kStopped},
      {static_cast<int>(TrainerExit::kConfiguration), FailureClass::kConfiguration},
      {static_cast<int>(TrainerExit::kOutOfMemory), FailureClass::kOutOfMemory},
      {1, FailureClass::kTask},
      {127, FailureClass::kConfiguration},
  };
  for (const auto& [code, kind] : expected) EXPECT_EQ(Left(code).kind, kind) << code;
  EXPECT_EQ(Left(3).message, "the trainer left with exit code 3 and no final line; see LOG");
}

TEST(Verdict, SuspectsMemoryBehindAKillBySomebodyElse) {
  EXPECT_EQ(Killed(SIGKILL).kind, FailureClass::kLost);
  EXPECT_EQ(Killed(SIGKILL).message,
            "the trainer was killed by signal 9 (Killed), perhaps because memory ran out; see LOG");
  EXPECT_EQ(Killed(SIGSEGV).kind, FailureClass::kTask);
  EXPECT_EQ(Killed(SIGSEGV).message,
            "the trainer was killed by signal 11 (Segmentation fault); see LOG");
}

TEST(Verdict, PutsWhatTheAgentDidBeforeTheExit) {
  EXPECT_EQ(Killed(SIGKILL, EndedBy::kStop).kind, FailureClass::kStopped);
  EXPECT_EQ(Left(0, EndedBy::kStop).kind, FailureClass::kStopped);
  EXPECT_EQ(Killed(SIGKILL, EndedBy::kStall).kind, FailureClass::kStalled);
  EXPECT_EQ(Killed(SIGKILL, EndedBy::kBadLines).kind, FailureClass::kTask);
}

TEST(Verdict, ReadsTheEndOfARankOutOfThatOfMpirun) {
  const auto end_of = [](int code) { return EndOfFirstRank({.signaled = false, .code = code}); };
  EXPECT_TRUE(end_of(128 + SIGSEGV).signaled);
  EXPECT_EQ(end_of(128 + SIGSEGV).code, SIGSEGV);
  for (const int code : {0, 1, 86, 128, 195, 255}) {
    EXPECT_FALSE(end_of(code).signaled) << code;
    EXPECT_EQ(end_of(code).code, code);
  }
  EXPECT_TRUE(EndOfFirstRank({.signaled = true, .code = SIGKILL}).signaled);
  EXPECT_EQ(Left(static_cast<int>(TrainerExit::kCollective)).kind, FailureClass::kLost);
}

TEST(Verdict, QuotesTheLastOutput) {
  const Failure failure = VerdictOf({.signaled = false, .code = 70}, EndedBy::kItself,
                                    "what(): bad shape", "/work/attempts/5/log");
  EXPECT_EQ(failure.message,
            "the trainer left with exit code 70 and no final line; its last words: "
            "what(): bad shape; see /work/attempts/5/log");
}

}  // namespace
}  // namespace archsweep
