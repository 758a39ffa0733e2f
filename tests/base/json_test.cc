#include "base/json.h"

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace archsweep
