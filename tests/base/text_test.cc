#include "base/text.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(Text, SuggestsTheNearestWordAndNothingFarOff) {
  const std::vector<std::string> keys = {"depth", "width", "block", "activation"};
  EXPECT_EQ(Suggestion("dpeth", keys), " (did you mean 'depth'?)");
  EXPECT_EQ(Suggestion("activaton", keys), " (did you mean 'activation'?)");
  EXPECT_EQ(Suggestion("seed", keys), "");
  EXPECT_EQ(Suggestion(std::string(100'000, 'a'), keys), "");
}

TEST(Text, ReadsOnlyWholeNumbers) {
  EXPECT_EQ(ParseDouble("1e-3"), 1e-3);
  EXPECT_EQ(ParseInteger("-12"), -12);
  for (const char* text : {"", " 1", "1 ", "1x", "nan", "inf", "0x10", "1e999"}) {
    EXPECT_FALSE(ParseDouble(text)) << text;
  }
  for (const char* text : {"", "1.5", "99999999999999999999", "one"})
    EXPECT_FALSE(ParseInteger(text)) << text;
}

TEST(Text, SplitsAndJoins) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(Join(Split("a,,b", ','), ", "), "a, , b");
}

TEST(Text, PrintsDurationsAndCountsForPeople) {
  EXPECT_EQ(HumanDuration(59.4), "59 s");
  EXPECT_EQ(HumanDuration(185), "3 min 05 s");
  EXPECT_EQ(HumanDuration(7800), "2 h 10 min");
  EXPECT_EQ(HumanDuration(4 * 86400 + 3600), "4 d 1 h");
  EXPECT_EQ(HumanCount(999), "999");
  EXPECT_EQ(HumanCount(36'479'194), "36.48 M");
}

}  // namespace
}  // namespace archsweep
