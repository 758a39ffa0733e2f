#include "tests/hygiene/edges.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace archsweep {
namespace {

using Mistakes = std::vector<std::string>;

constexpr std::string_view kText = R"(# a comment
package json   nlohmann/          nlohmann::json
package sqlite sqlite3.h,sqlite/  SQLite
package gtest  gtest/             GTest

room base           -      json
room storage        base   sqlite
room storage/rows   base   -
room tests          *      gtest
)";

Edges ParsedEdges() {
  const Result<Edges> edges = Edges::Parse(kText);
  EXPECT_TRUE(edges.has_value());
  return *edges;
}

Mistakes MistakesOf(const std::string& path, const std::string& include) {
  return ParsedEdges().Mistakes({path, "#include " + include + "\n"});
}

TEST(Edges, AllowTheOwnRoomTheListedRoomsAndTheStandardLibrary) {
  EXPECT_EQ(MistakesOf("storage/a.cc", "\"storage/a.h\""), Mistakes{});
  EXPECT_EQ(MistakesOf("storage/a.cc", "\"base/id.h\""), Mistakes{});
  EXPECT_EQ(MistakesOf("storage/a.cc", "<sys/stat.h>"), Mistakes{});
}

TEST(Edges, RefuseARoomThatIsNotListed) {
  EXPECT_EQ(MistakesOf("base/a.cc", "\"storage/a.h\""),
            Mistakes{"base/a.cc may not include storage/a.h of storage"});
  EXPECT_EQ(MistakesOf("storage/a.cc", "\"storage/rows/a.h\""),
            Mistakes{"storage/a.cc may not include storage/rows/a.h of storage/rows"});
}

TEST(Edges, RefuseAPackageThatIsNotListed) {
  EXPECT_EQ(MistakesOf("base/a.cc", "<nlohmann/json.hpp>"), Mistakes{});
  EXPECT_EQ(MistakesOf("storage/a.cc", "<nlohmann/json.hpp>"),
            Mistakes{"storage/a.cc may not include nlohmann/json.hpp of json"});
  EXPECT_EQ(MistakesOf("base/a.cc", "<sqlite3.h>").size(), 1);
}

TEST(Edges, LetATestUseEveryRoomAndThePackagesOfTheRoomItTests) {
  EXPECT_EQ(MistakesOf("tests/storage/a_test.cc", "\"storage/rows/a.h\""), Mistakes{});
  EXPECT_EQ(MistakesOf("tests/storage/a_test.cc", "<gtest/gtest.h>"), Mistakes{});
  EXPECT_EQ(MistakesOf("tests/storage/a_test.cc", "<sqlite3.h>"), Mistakes{});
  EXPECT_EQ(MistakesOf("tests/base/a_test.cc", "<sqlite3.h>").size(), 1);
}

TEST(Edges, RefuseAnIncludeThatIsNotFromTheRoot) {
  EXPECT_EQ(MistakesOf("base/a.cc", "\"a.h\""),
            Mistakes{"base/a.cc includes a.h, which is no path from the root"});
  EXPECT_EQ(MistakesOf("other/a.cc", "<map>"), Mistakes{"other/a.cc lies in no room"});
}

TEST(Edges, FindACycle) {
  EXPECT_EQ(ParsedEdges().FindCycle(), Mistakes{});
  const Result<Edges> edges = Edges::Parse("room a b -\nroom b c -\nroom c a -\n");
  ASSERT_TRUE(edges.has_value());
  EXPECT_EQ(edges->FindCycle(), (Mistakes{"a", "b", "c", "a"}));
}

TEST(Edges, RefuseALineThatCannotBeRead) {
  EXPECT_FALSE(Edges::Parse("room a -\n").has_value());
  EXPECT_FALSE(Edges::Parse("rom a - -\n").has_value());
  EXPECT_FALSE(Edges::Parse("room a b -\n").has_value());
}

}  // namespace
}  // namespace archsweep
