#include "worker/data/preparation/staged_file.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

size_t FilesIn(const std::filesystem::path& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                           std::filesystem::directory_iterator()));
}

TEST(StagedFile, AppearsWhenItIsCommitted) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.Path() / "made" / "file";
  StagedFile file = StagedFile::Create(path).value();
  ASSERT_TRUE(file.Append("head:"));
  ASSERT_TRUE(file.Append("body"));
  ASSERT_TRUE(file.Overwrite(0, "HEAD"));
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(file.Commit());
  EXPECT_EQ(ReadFile(path, 100).value(), "HEAD:body");
  EXPECT_EQ(FilesIn(path.parent_path()), 1u);
}

TEST(StagedFile, LeavesNothingBehindWhereItIsNotCommitted) {
  const TemporaryFolder folder;
  {
    StagedFile file = StagedFile::Create(folder.Path() / "file").value();
    ASSERT_TRUE(file.Append("body"));
    EXPECT_EQ(FilesIn(folder.Path()), 1u);
  }
  EXPECT_EQ(FilesIn(folder.Path()), 0u);
}

}  // namespace
}  // namespace archsweep
