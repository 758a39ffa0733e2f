#include "tests/hygiene/rules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace archsweep {
namespace {

using Mistakes = std::vector<std::string>;

TEST(Rules, FindABannedCallButNotItsNameInACommentALiteralOrALongerWord) {
  EXPECT_EQ(BannedCalls({"cli/a.cc", "int a;\nint b = system(a);\n"}),
            (Mistakes{"cli/a.cc:2: system( is banned: a shell interprets it; spawn a program"}));
  EXPECT_EQ(BannedCalls({"cli/a.cc", "// system(a)\n/* system(\n) */ f(\"system(\\\"\", 'x');\n"}),
            Mistakes{});
  EXPECT_EQ(BannedCalls({"cli/a.cc", "file_system(a); int n = 1'000; std::this_thread::yield();"}),
            Mistakes{});
}

TEST(Rules, KeepRawStringsOutOfTheCode) {
  EXPECT_EQ(BannedCalls({"cli/a.cc", "f(R\"sql(it's \" system( )sql\"); system(a);"}).size(), 1);
  EXPECT_EQ(BannedCalls({"cli/a.cc", "f(R\"sql(it's \" system( )sql\");"}), Mistakes{});
}

TEST(Rules, BanClocksOnlyWhereDecisionsArePure) {
  const std::string code = "auto t = std::chrono::steady_clock::now();";
  EXPECT_EQ(BannedCalls({"coordinator/scheduler/a.cc", code}).size(), 1);
  EXPECT_EQ(BannedCalls({"sweep/trial/a.h", code}).size(), 1);
  EXPECT_EQ(BannedCalls({"coordinator/engine.cc", code}), Mistakes{});
}

TEST(Rules, CountColumnsInCharactersAndNotInBytes) {
  std::string line;
  for (int i = 0; i < 100; ++i) line += "ε";
  EXPECT_EQ(OversizedText({"base/a.h", line + "\n"}), Mistakes{});
  EXPECT_EQ(OversizedText({"base/a.h", line + "x\n"}), Mistakes{"base/a.h:1: 101 columns"});
}

TEST(Rules, RefuseAFileOfOver500Lines) {
  EXPECT_EQ(OversizedText({"base/a.h", std::string(500, '\n')}), Mistakes{});
  EXPECT_EQ(OversizedText({"base/a.h", std::string(501, '\n')}).size(), 1);
}

TEST(Rules, FindMarksOfUnfinishedWork) {
  EXPECT_EQ(UnfinishedMarks({"README.md", std::string("# TO") + "DO: more"}).size(), 1);
  EXPECT_EQ(UnfinishedMarks({"README.md", std::string("# TO") + "DOS"}), Mistakes{});
}

TEST(Rules, DemandThatASourceFileIncludesItsOwnHeaderFirst) {
  const std::vector<SourceFile> tree = {{"base/a.cc", ""}, {"base/a.h", ""}};
  EXPECT_EQ(HeaderMistakes({"base/a.cc", "#include \"base/a.h\"\n#include <map>\n"}, tree),
            Mistakes{});
  EXPECT_EQ(HeaderMistakes({"base/a.cc", "#include <map>\n#include \"base/a.h\"\n"}, tree),
            Mistakes{"base/a.cc does not include base/a.h first"});
  EXPECT_EQ(HeaderMistakes({"base/a.h", "int a;"}, tree), Mistakes{"base/a.h has no #pragma once"});
}

TEST(Rules, FindFilesThatNothingUses) {
  const std::vector<SourceFile> tree = {
      {"CMakeLists.txt", "add_subdirectory(base)"},
      {"base/CMakeLists.txt",
       "file(GLOB all \"${CMAKE_CURRENT_SOURCE_DIR}/kinds/*.cc\")\n"
       "archsweep_room(base used.cc)\narchsweep_test(base used_test.cc)"},
      {"base/kinds/collected.cc", ""},
      {"base/others/collected.cc", ""},
      {"base/unused.cc", ""},
      {"base/unused.h", ""},
      {"base/used.cc", "#include \"base/used.h\"\n"},
      {"base/used.h", ""},
      {"tests/base/used_test.cc", ""},
      {"worker/used.cc", ""},
  };
  EXPECT_EQ(DeadFiles(tree), (Mistakes{"base/others/collected.cc is named in no CMakeLists.txt",
                                       "base/unused.cc is named in no CMakeLists.txt",
                                       "base/unused.h is included by nobody",
                                       "worker/used.cc is named in no CMakeLists.txt"}));
}

TEST(Rules, DemandAReadmeInTopFoldersAndInFoldersOfCode) {
  const std::vector<SourceFile> tree = {{"README.md", ""},        {"base/README.md", ""},
                                        {"base/a.cc", ""},        {"tests/README.md", ""},
                                        {"tests/base/a.cc", ""},  {"worker/agent/a.cc", ""},
                                        {"base/data/a.yaml", ""}, {"examples/a.yaml", ""}};
  EXPECT_EQ(FoldersWithoutReadme(tree),
            (Mistakes{"examples/README.md is missing", "worker/agent/README.md is missing"}));
}

}  // namespace
}  // namespace archsweep
