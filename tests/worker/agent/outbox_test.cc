#include "worker/agent/outbox.h"

#include <gtest/gtest.h>

#include <vector>

namespace archsweep {
namespace {

std::vector<int64_t> Numbers(const Outbox& outbox, int64_t bytes = 1 << 20) {
  std::vector<int64_t> numbers;
  for (const NumberedLine& line : outbox.Oldest(bytes)) numbers.push_back(line.number);
  return numbers;
}

using List = std::vector<int64_t>;

TEST(Outbox, NumbersLinesAndKeepsThemUntilTheyAreAnsweredFor) {
  Outbox outbox;
  EXPECT_TRUE(outbox.Empty());
  outbox.Append(0, StartedLine{});
  outbox.Append(0, EpochLine{.epoch = 1});
  outbox.Append(0, EpochLine{.epoch = 2});
  EXPECT_EQ(Numbers(outbox), (List{1, 2, 3}));
  outbox.Answered(2);
  EXPECT_EQ(Numbers(outbox), List{3});
  outbox.Answered(2);
  EXPECT_EQ(Numbers(outbox), List{3});
  outbox.Answered(3);
  EXPECT_TRUE(outbox.Empty());
  outbox.Append(0, EpochLine{.epoch = 3});
  EXPECT_EQ(Numbers(outbox), List{4});
}

TEST(Outbox, KeepsOnlyTheNewestStepLine) {
  Outbox outbox;
  outbox.Append(10, StepLine{.step = 1});
  outbox.Append(20, EpochLine{.epoch = 1});
  outbox.Append(30, StepLine{.step = 2});
  EXPECT_EQ(Numbers(outbox), (List{2, 3}));
  EXPECT_EQ(outbox.OldestLineMs(), 20);
}

TEST(Outbox, TellsWhenAnEndWaits) {
  Outbox outbox;
  outbox.Append(0, StartedLine{});
  EXPECT_FALSE(outbox.HasFinal());
  outbox.Append(0, FailedLine{});
  EXPECT_TRUE(outbox.HasFinal());
}

TEST(Outbox, FillsACallUpToItsBytesInOrder) {
  Outbox outbox;
  for (int epoch = 1; epoch <= 100; ++epoch) outbox.Append(0, EpochLine{.epoch = epoch});
  const List some = Numbers(outbox, 1'000);
  EXPECT_GE(some.size(), 2u);
  EXPECT_LE(some.size(), 10u);
  EXPECT_EQ(some.front(), 1);
  int64_t none = 0;
  EXPECT_TRUE(outbox.Oldest(none).empty());
  int64_t bytes = 1 << 20;
  EXPECT_EQ(outbox.Oldest(bytes).size(), 100u);
  EXPECT_LT(bytes, 1 << 20);
}

TEST(Outbox, TakesNoMoreThanACallMayCarry) {
  Outbox outbox;
  for (size_t i = 0; i < kLinesPerReportMax + 5; ++i) outbox.Append(0, EpochLine{});
  EXPECT_EQ(Numbers(outbox, 1 << 30).size(), kLinesPerReportMax);
}

TEST(Outbox, MakesRoomButKeepsTheBeginningAndTheEnd) {
  Outbox outbox;
  outbox.Append(0, StartedLine{});
  for (size_t i = 0; i < kUnansweredLinesMax + 10; ++i) outbox.Append(0, EpochLine{});
  outbox.Append(0, TrainedLine{});
  EXPECT_EQ(outbox.Size(), kUnansweredLinesMax);
  EXPECT_TRUE(outbox.HasFinal());
  EXPECT_EQ(Numbers(outbox).front(), 1);
}

}  // namespace
}  // namespace archsweep
