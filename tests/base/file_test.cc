#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file_lock.h"
#include "base/sha256.h"
#include "base/text.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

TEST(File, WritesDurablyAndReadsBack) {
  const TemporaryFolder folder;
  const auto path = folder.Path() / "secret";
  ASSERT_TRUE(WriteFileDurably(path, "one", 0600));
  ASSERT_TRUE(WriteFileDurably(path, "two", 0600));
  EXPECT_EQ(ReadFile(path, 100).value(), "two");
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.Path()), {}), 1)
      << "a temporary file is left";
}

TEST(File, CopiesDurablyAndTellsTheDigest) {
  const TemporaryFolder folder;
  const std::string content(200'000, 'x');
  ASSERT_TRUE(WriteFileDurably(folder.Path() / "from", content));
  EXPECT_EQ(CopyFileDurably(folder.Path() / "from", folder.Path() / "to", 200'000).value(),
            Sha256Hex(content));
  EXPECT_EQ(ReadFile(folder.Path() / "to", 200'000).value(), content);
  EXPECT_EQ(CopyFileDurably(folder.Path() / "from", folder.Path() / "no", 199'999).error().kind,
            ErrorKind::kInvalidInput);
  EXPECT_EQ(CopyFileDurably(folder.Path() / "none", folder.Path() / "no", 1).error().kind,
            ErrorKind::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(folder.Path() / "no"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.Path()), {}), 2)
      << "a temporary file is left";
}

TEST(File, NamesWhatItCannotRead) {
  const TemporaryFolder folder;
  const auto missing = ReadFile(folder.Path() / "missing", 100);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(missing.error().message.find("missing"), std::string::npos);
  ASSERT_TRUE(WriteFileDurably(folder.Path() / "large", std::string(101, 'x')));
  EXPECT_EQ(ReadFile(folder.Path() / "large", 100).error().kind, ErrorKind::kInvalidInput);
}

TEST(File, AcceptsALocalFileSystemForADatabase) {
  const TemporaryFolder folder;
  EXPECT_TRUE(RefuseNetworkFileSystem(folder.Path()));
}

TEST(File, KnowsTheFileSystemsThatOtherMachinesShare) {
  constexpr uint32_t kNfs = 0x6969;
  constexpr uint32_t kLustre = 0x0bd00bd0;
  constexpr uint32_t kExt4 = 0xef53;
  constexpr uint32_t kTmpfs = 0x01021994;
  EXPECT_TRUE(IsNetworkFileSystem(kNfs));
  EXPECT_TRUE(IsNetworkFileSystem(kLustre));
  EXPECT_FALSE(IsNetworkFileSystem(kExt4));
  EXPECT_FALSE(IsNetworkFileSystem(kTmpfs));
}

TEST(FileLock, RefusesASecondHolderAndNamesTheFirst) {
  const TemporaryFolder folder;
  const auto path = folder.Path() / "lock";
  const auto held = FileLock::Acquire(path);
  ASSERT_TRUE(held);
  const auto second = FileLock::Acquire(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  EXPECT_NE(second.error().message.find(Format("process {}", getpid())), std::string::npos);
}

TEST(FileLock, IsFreeOnceItsHolderWasKilled) {
  const TemporaryFolder folder;
  const auto path = folder.Path() / "lock";
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto held = FileLock::Acquire(path);
    const char answer = held ? 'y' : 'n';
    if (write(ready[1], &answer, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(FileLock::Acquire(path));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(FileLock::Acquire(path));
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace archsweep
