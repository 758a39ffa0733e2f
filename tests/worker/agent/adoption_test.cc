#include "worker/agent/adoption.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

// Far more lines than one report may carry.
SpooledAttempt Long(const WorkerId& worker, Token token, size_t lines) {
  SpooledAttempt attempt{.worker = worker, .observed = {.token = token, .lines = {}}};
  for (size_t i = 1; i <= lines; ++i) {
    const auto number = static_cast<int64_t>(i);
    attempt.observed.lines.push_back({number, EpochLine{.epoch = static_cast<int>(number)}, ""});
  }
  return attempt;
}

TEST(Adoptions, TellEveryLineOnceAndLeaveInTheEnd) {
  const WorkerId first = RandomId<WorkerId>();
  const WorkerId second = RandomId<WorkerId>();
  Adoption adoption(
      {Long(first, Token{1}, 25'000), Long(first, Token{2}, 3), Long(second, Token{3}, 1)});
  std::map<Token, int64_t> told;
  std::map<WorkerId, int> leaves;
  int reports = 0;
  while (const auto report = adoption.Next()) {
    EXPECT_EQ(leaves[report->worker], 0) << "none speaks after it has left";
    for (const ObservedAttempt& observed : report->attempts) {
      EXPECT_LE(observed.lines.size(), kLinesPerReportMax);
      for (const NumberedLine& line : observed.lines) {
        EXPECT_EQ(line.number, ++told[observed.token]);
      }
    }
    leaves[report->worker] += report->leaving ? 1 : 0;
    adoption.Answered();
    ASSERT_LT(++reports, 10);
  }
  EXPECT_EQ(told, (std::map<Token, int64_t>{{Token{1}, 25'000}, {Token{2}, 3}, {Token{3}, 1}}));
  EXPECT_EQ(leaves, (std::map<WorkerId, int>{{first, 1}, {second, 1}}));
}

TEST(Adoptions, PassOverALifeThatIsRefused) {
  const WorkerId first = RandomId<WorkerId>();
  Adoption adoption({Long(first, Token{1}, 25'000)});
  adoption.Answered();
  adoption.Refused();
  EXPECT_FALSE(adoption.Next());
}

}  // namespace
}  // namespace archsweep
