#include "base/canonical_json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace archsweep {
namespace {

TEST(CanonicalJson, SortsKeysAndLeavesNoSpace) {
  EXPECT_EQ(
      CanonicalText(ParseJson(R"({"b": [1, true, null], "a": {"d": "x\"", "c": -2}})").value()),
      R"({"a":{"c":-2,"d":"x\""},"b":[1,true,null]})");
}

TEST(CanonicalJson, WritesNumbersInTheShortestFormThatReadsBack) {
  EXPECT_EQ(CanonicalText(Json::array({0.1, 2e-4, 8.0, 1e300, 1.0 / 3})),
            "[0.1,2e-04,8,1e+300,0.3333333333333333]");
}

TEST(CanonicalJson, WritesWholeNumbersAndStringsAsJsonDoes) {
  const Json value = {"plain",
                      "\x7f",
                      "tab\t",
                      "\"quoted\" \\",
                      "\u00e9",
                      "",
                      -7,
                      0,
                      std::numeric_limits<int64_t>::min(),
                      std::numeric_limits<uint64_t>::max()};
  EXPECT_EQ(CanonicalText(value), value.dump());
}

TEST(CanonicalJson, RefusesTextThatIsNotJsonWithItsPosition) {
  const auto result = ParseJson("{\"a\": }");
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("column 7"), std::string::npos) << result.error().message;
}

}  // namespace
}  // namespace archsweep
