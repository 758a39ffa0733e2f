#include "base/text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

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

TEST(Text, ReadsCountsAsPeopleWriteThem) {
  EXPECT_EQ(ParseCount("0").value(), 0);
  EXPECT_EQ(ParseCount("0075").value(), 75);
  EXPECT_EQ(ParseCount("9223372036854775807").value(), INT64_MAX);
  EXPECT_EQ(ParseCount("9007199254740993").value(), 9'007'199'254'740'993);  // No double.
  EXPECT_EQ(ParseCount("1e9").value(), 1'000'000'000);
  EXPECT_EQ(ParseCount("2.5e3").value(), 2'500);
  EXPECT_EQ(ParseCount("5000e-3").value(), 5);
  EXPECT_EQ(ParseCount("3k").value(), 3'000);
  EXPECT_EQ(ParseCount("75M").value(), 75'000'000);
  EXPECT_EQ(ParseCount("20G").value(), 20'000'000'000);
  EXPECT_EQ(ParseCount("1T").value(), 1'000'000'000'000);
}

TEST(Text, ReadsFractionsOfAUnitToTheLastDigit) {
  for (int64_t tenths = 0; tenths < 10'000; ++tenths) {
    const std::string text = Format("{}.{}", tenths / 10, tenths % 10);
    ASSERT_EQ(ParseCount(text + "k").value(), tenths * 100) << text;
    ASSERT_EQ(ParseCount(text + "G").value(), tenths * 100'000'000) << text;
    ASSERT_EQ(ParseCount(text + "T").value(), tenths * 100'000'000'000) << text;
  }
}

TEST(Text, RefusesWhatIsNoCountAndNamesIt) {
  for (const char* text : {"",        " ",     "k",      "G",        "-1",    "-0",
                           "-20G",    "-0k",   "+5",     "20g",      "20K",   "20B",
                           "20GG",    "20 G",  " 20G",   "20G ",     "1e9G",  "1eG",
                           "e9",      "0x10",  "0x1G",   "1,000",    "1.5",   "1e-3",
                           "1.2345k", "nan",   "inf",    "infM",     "nanM",  "9223372036854775808",
                           "1e19",    "1e999", "1e999G", "9300000T", "twenty"}) {
    const auto count = ParseCount(text);
    ASSERT_FALSE(count) << text << " was read as " << *count;
    EXPECT_EQ(count.error().kind, ErrorKind::kInvalidInput);
    EXPECT_TRUE(count.error().message.starts_with(Format("'{}' is not a count", text)))
        << count.error().message;
  }
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
