#include "worker/data/preparation/unpack.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/data/preparation/archive_files.h"
#include "tests/worker/data/record_files.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

class Unpacked : public testing::TestWithParam<ArchiveKind> {
 protected:
  fs::path File() const { return root_.Path() / "archive"; }
  fs::path Folder() const { return root_.Path() / "unpacked"; }
  const TemporaryFolder root_;
};

TEST_P(Unpacked, HasTheFilesOfTheArchive) {
  WriteArchive(File(), GetParam(), {{"set/a.bin", std::string(200'000, 'a')}, {"set/deep/b", "b"}});
  ASSERT_TRUE(Unpack(File(), Folder(), {}));
  EXPECT_EQ(ReadFile(Folder() / "set/a.bin", 1 << 20).value(), std::string(200'000, 'a'));
  EXPECT_EQ(ReadFile(Folder() / "set/deep/b", 100).value(), "b");
}

TEST_P(Unpacked, NeverLeavesItsFolder) {
  for (const std::string name : {"../outside", "set/../../outside", "/outside"}) {
    WriteArchive(File(), GetParam(), {{name, "x"}});
    const Status unpacked = Unpack(File(), Folder(), {});
    // An archive may have been written without the leading slash.
    if (unpacked) {
      EXPECT_EQ(name, "/outside");
      EXPECT_TRUE(fs::exists(Folder() / "outside"));
    } else {
      EXPECT_EQ(unpacked.error().kind, ErrorKind::kCorrupt);
    }
    EXPECT_FALSE(fs::exists(root_.Path() / "outside")) << name;
  }
}

TEST_P(Unpacked, TakesNoLinks) {
  WriteArchive(File(), GetParam(), {{"set/a", "a"}, {"set/link", ""}});
  ASSERT_TRUE(Unpack(File(), Folder(), {}));
  EXPECT_TRUE(fs::exists(Folder() / "set/a"));
  EXPECT_FALSE(fs::is_symlink(fs::symlink_status(Folder() / "set/link")));
}

TEST_P(Unpacked, OfACutArchiveIsRefused) {
  std::string noise;
  for (uint32_t i = 0; i < 100'000; ++i) noise += static_cast<char>(i * i * 2'654'435'761u >> 24);
  WriteArchive(File(), GetParam(), {{"set/a", noise}});
  const std::string whole = ReadFile(File(), 1 << 20).value();
  WriteBytes(File(), whole.substr(0, whole.size() / 2));
  const Status unpacked = Unpack(File(), Folder(), {});
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(unpacked.error().message.find(File().string()), std::string::npos);
}

TEST_P(Unpacked, TellsHowFarItIsAndStopsWhenAsked) {
  WriteArchive(File(), GetParam(), {{"set/a", std::string(200'000, 'a')}});
  int64_t last = 0;
  ASSERT_TRUE(Unpack(File(), Folder(), [&](int64_t done, int64_t total) {
    EXPECT_LE(done, total);
    last = done;
    return true;
  }));
  EXPECT_GT(last, 0);
  const Status stopped = Unpack(File(), Folder(), [](int64_t, int64_t) { return false; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Unpacked, testing::Values(ArchiveKind::kTarGz, ArchiveKind::kZip),
                         [](const auto& of) {
                           return of.param == ArchiveKind::kZip ? "Zip" : "TarGz";
                         });

TEST(Unpacking, OfWhatIsNoArchiveIsRefused) {
  const TemporaryFolder root;
  WriteBytes(root.Path() / "page.html", "<html>not found</html>");
  EXPECT_EQ(Unpack(root.Path() / "page.html", root.Path() / "unpacked", {}).error().kind,
            ErrorKind::kCorrupt);
}

TEST(MovingFiles, PutsThemOverOldOnesAndLeavesTheRest) {
  const TemporaryFolder root;
  WriteBytes(root.Path() / "from/a", "new");
  WriteBytes(root.Path() / "from/deep/b", "new");
  WriteBytes(root.Path() / "to/a", "old");
  WriteBytes(root.Path() / "to/extra.bin", "kept");
  ASSERT_TRUE(MoveFiles(root.Path() / "from", root.Path() / "to"));
  EXPECT_EQ(ReadFile(root.Path() / "to/a", 10).value(), "new");
  EXPECT_EQ(ReadFile(root.Path() / "to/deep/b", 10).value(), "new");
  EXPECT_EQ(ReadFile(root.Path() / "to/extra.bin", 10).value(), "kept");
}

TEST(MovingFiles, MakesTheFolderAndTellsOfWhatIsMissing) {
  const TemporaryFolder root;
  WriteBytes(root.Path() / "from/a", "new");
  ASSERT_TRUE(MoveFiles(root.Path() / "from", root.Path() / "made/to"));
  EXPECT_EQ(ReadFile(root.Path() / "made/to/a", 10).value(), "new");
  EXPECT_FALSE(MoveFiles(root.Path() / "nowhere", root.Path() / "to"));
  WriteBytes(root.Path() / "from/a", "new");
  WriteBytes(root.Path() / "file", "no folder");
  EXPECT_FALSE(MoveFiles(root.Path() / "from", root.Path() / "file"));
}

}  // namespace
}  // namespace archsweep
