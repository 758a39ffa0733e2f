#include "base/json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace archsweep {
namespace {

std::string Nested(size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

TEST(ParseJson, TakesTheDeepestThatItMay) {
  EXPECT_TRUE(ParseJson(Nested(kJsonDepthMax)));
  EXPECT_FALSE(ParseJson(Nested(kJsonDepthMax + 1)));
}

TEST(ParseJson, RefusesWhatWouldOverflowTheStackOfAWalk) {
  const auto json = ParseJson("{\"a\":" + Nested(1'000'000) + "}");
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().kind, ErrorKind::kInvalidInput);
  EXPECT_NE(json.error().message.find("100 levels"), std::string::npos) << json.error().message;
}

TEST(ParseJson, CountsNoBracketsWithinStrings) {
  EXPECT_TRUE(ParseJson("\"" + std::string(1000, '[') + "\\\"" + std::string(1000, '{') + "\""));
  EXPECT_FALSE(ParseJson("[\"\\\\\"," + Nested(1000) + "]"));
}

TEST(ParseJson, CountsNoContainersBesideEachOther) {
  std::string text = "[";
  for (int i = 0; i < 1000; ++i) text += "[],{},";
  EXPECT_TRUE(ParseJson(text + "0]"));
}

template <class T>
void ExpectRead(const char* text, T value) {
  EXPECT_EQ(Json::parse(text).get<T>(), value) << text;
}

template <class T>
void ExpectRefused(const char* text) {
  EXPECT_THROW(Json::parse(text).get<T>(), Json::exception) << text;
}

TEST(Json, ReadsIntegersThatTheTypeHolds) {
  ExpectRead<int>("2147483647", 2147483647);
  ExpectRead<int>("-2147483648", -2147483647 - 1);
  ExpectRead<int>("1e3", 1000);
  ExpectRead<int64_t>("-9223372036854775808", std::numeric_limits<int64_t>::min());
  ExpectRead<uint64_t>("18446744073709551615", std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(Json::parse("[1, 2]").get<std::vector<int>>(), (std::vector<int>{1, 2}));
}

TEST(Json, RefusesIntegersThatTheTypeDoesNotHold) {
  ExpectRefused<int>("2147483648");
  ExpectRefused<int>("1e300");
  ExpectRefused<int>("0.5");
  ExpectRefused<int>("true");
  ExpectRefused<int>("\"1\"");
  ExpectRefused<int64_t>("9223372036854775808");
  ExpectRefused<int64_t>("9223372036854775808.0");
  ExpectRefused<uint64_t>("-1");
  ExpectRefused<uint64_t>("18446744073709551616");
  ExpectRefused<std::vector<int>>("[1, 1e300]");
}

TEST(Json, NamesTheNumberThatDoesNotFitAndItsBounds) {
  try {
    Json::parse("1e300").get<int>();
    FAIL();
  } catch (const Json::exception& error) {
    EXPECT_NE(std::string(error.what()).find("1e+300 is not an integer from -2147483648 to "),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace archsweep
