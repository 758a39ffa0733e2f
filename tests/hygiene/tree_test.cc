// The rules, applied to this repository.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "tests/hygiene/edges.h"
#include "tests/hygiene/rules.h"
#include "tests/hygiene/source_tree.h"

namespace archsweep {
namespace {

class Tree : public testing::Test {
 protected:
  static void ExpectNone(const std::vector<std::string>& mistakes) {
    EXPECT_TRUE(mistakes.empty()) << Join(mistakes, "\n");
  }

  // What breaks `rule` in the files that `concerns` picks.
  template <class Picks, class Rule>
  void ExpectNone(Picks concerns, Rule rule) const {
    std::vector<std::string> mistakes;
    for (const SourceFile& file : files_) {
      if (concerns(file.path)) std::ranges::move(rule(file), std::back_inserter(mistakes));
    }
    ExpectNone(mistakes);
  }

  const SourceFile& Find(const std::string& path) const {
    return *std::ranges::find(files_, path, &SourceFile::path);
  }

  const std::vector<SourceFile> files_ = ReadSourceTree(ARCHSWEEP_SOURCE_DIR);
};

TEST_F(Tree, IncludesOnlyWhatEdgesAllow) {
  const Result<Edges> edges = Edges::Parse(Find("deploy/cmake/edges.txt").text);
  ASSERT_TRUE(edges.has_value()) << edges.error().message;
  ExpectNone(IsCode, [&](const SourceFile& file) { return edges->Mistakes(file); });
}

TEST_F(Tree, HasEdgesWithoutACycleBetweenFoldersThatExist) {
  const Result<Edges> edges = Edges::Parse(Find("deploy/cmake/edges.txt").text);
  ASSERT_TRUE(edges.has_value()) << edges.error().message;
  ExpectNone(edges->FindCycle());
  for (const std::string& room : edges->Rooms()) {
    EXPECT_TRUE(std::filesystem::is_directory(ARCHSWEEP_SOURCE_DIR "/" + room)) << room;
  }
}

TEST_F(Tree, CallsNothingThatIsBanned) { ExpectNone(IsCode, BannedCalls); }

TEST_F(Tree, HasNoLongLinesAndNoLongFiles) {
  ExpectNone([](std::string_view path) { return IsCode(path) || path.ends_with(".proto"); },
             OversizedText);
}

TEST_F(Tree, HasNoMarksOfUnfinishedWork) {
  ExpectNone([](std::string_view) { return true; }, UnfinishedMarks);
}

TEST_F(Tree, HasHeadersThatStandAlone) {
  ExpectNone(IsCode, [&](const SourceFile& file) { return HeaderMistakes(file, files_); });
}

TEST_F(Tree, HasAReadmeInEveryFolder) { ExpectNone(FoldersWithoutReadme(files_)); }

TEST_F(Tree, HasNoDeadFiles) { ExpectNone(DeadFiles(files_)); }

}  // namespace
}  // namespace archsweep
