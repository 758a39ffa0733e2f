#include "worker/data/preparation/download.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/data/preparation/file_server.h"
#include "tests/worker/data/record_files.h"

namespace archsweep {
namespace {

constexpr size_t kBytes = 300'000;
constexpr DownloadBounds kQuick = {.first_wait_ms = 1};

std::string SomeBytes() {
  std::string bytes(kBytes, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i % 251);
  return bytes;
}

class Downloading : public testing::Test {
 protected:
  // Loopback is no matter for a proxy.
  static void SetUpTestSuite() { setenv("no_proxy", "*", 1); }

  PublishedArchive Archive() const {
    return {.url = server_.Url(), .bytes = kBytes, .sha256 = Sha256Hex(content_)};
  }
  std::filesystem::path Target() const { return folder_.Path() / "downloads" / "file.bin"; }
  std::filesystem::path Part() const { return Target().string() + ".part"; }
  Status Fetch() const { return Download(Archive(), Target(), {}, kQuick); }
  std::string Fetched() const { return ReadFile(Target(), 2 * kBytes).value_or(""); }

  // What a download fails with that keeps nothing at the target.
  Error FailureOf(const PublishedArchive& archive) const {
    const Status fetched = Download(archive, Target(), {}, kQuick);
    EXPECT_FALSE(fetched);
    EXPECT_FALSE(std::filesystem::exists(Target()));
    return fetched ? Error{} : fetched.error();
  }

  const std::string content_ = SomeBytes();
  const TemporaryFolder folder_;
  FileServer server_{content_};
};

TEST_F(Downloading, BringsTheFileAndLeavesNothingElse) {
  ASSERT_TRUE(Fetch()) << Fetch().error().message;
  EXPECT_EQ(Fetched(), content_);
  EXPECT_FALSE(std::filesystem::exists(Part()));
  EXPECT_EQ(server_.Offsets(), (std::vector<size_t>{0}));
}

TEST_F(Downloading, GoesOnFromWhatIsThere) {
  WriteBytes(Part(), content_.substr(0, 100'000));
  ASSERT_TRUE(Fetch());
  EXPECT_EQ(Fetched(), content_);
  EXPECT_EQ(server_.Offsets(), (std::vector<size_t>{100'000}));
}

TEST_F(Downloading, OfWhichAllIsThereAsksForNothing) {
  WriteBytes(Part(), content_);
  ASSERT_TRUE(Fetch());
  EXPECT_EQ(Fetched(), content_);
  EXPECT_TRUE(server_.Offsets().empty());
}

TEST_F(Downloading, BeginsAnewWhereTheServerKnowsNoRanges) {
  server_.Behave({.knows_ranges = false});
  WriteBytes(Part(), std::string(100'000, 'x'));
  ASSERT_TRUE(Fetch());
  EXPECT_EQ(Fetched(), content_);
}

TEST_F(Downloading, BeginsAnewWhereMoreIsThereThanThereCanBe) {
  WriteBytes(Part(), content_ + "more");
  ASSERT_TRUE(Fetch());
  EXPECT_EQ(Fetched(), content_);
}

TEST_F(Downloading, GoesOnAfterEachConnectionThatBreaks) {
  server_.Behave({.cut_after = 70'000});
  ASSERT_TRUE(Fetch());
  EXPECT_EQ(Fetched(), content_);
  EXPECT_EQ(server_.Offsets(), (std::vector<size_t>{0, 70'000, 140'000, 210'000, 280'000}));
}

TEST_F(Downloading, GivesUpWhenNothingComesAndKeepsWhatCame) {
  WriteBytes(Part(), content_.substr(0, 50'000));
  server_.Behave({.cut_after = 0});
  const Error error = FailureOf(Archive());
  EXPECT_EQ(error.kind, ErrorKind::kIo);
  EXPECT_NE(error.message.find("after 5 attempts"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("from 50000 bytes"), std::string::npos) << error.message;
  EXPECT_EQ(server_.Offsets().size(), 5u);
  EXPECT_EQ(ReadFile(Part(), kBytes).value(), content_.substr(0, 50'000));
}

TEST_F(Downloading, TriesAgainWhereTheServerIsIllAndNotWhereTheFileIsUnknown) {
  server_.Behave({.status = 503});
  EXPECT_EQ(FailureOf(Archive()).kind, ErrorKind::kIo);
  EXPECT_EQ(server_.Offsets().size(), 5u);
  server_.Behave({.status = 404});
  EXPECT_EQ(FailureOf(Archive()).kind, ErrorKind::kNotFound);
  EXPECT_EQ(server_.Offsets().size(), 6u);
}

TEST_F(Downloading, OfAnotherFileIsRefusedAndKeepsNothing) {
  PublishedArchive archive = Archive();
  archive.sha256 = std::string(64, '0');
  const Error error = FailureOf(archive);
  EXPECT_EQ(error.kind, ErrorKind::kCorrupt);
  EXPECT_NE(error.message.find(Sha256Hex(content_)), std::string::npos) << error.message;
  EXPECT_EQ(std::filesystem::file_size(Part()), 0u);
}

TEST_F(Downloading, OfAnotherLengthIsRefusedBeforeItComes) {
  PublishedArchive archive = Archive();
  archive.bytes = kBytes - 1;
  const Error error = FailureOf(archive);
  EXPECT_EQ(error.kind, ErrorKind::kCorrupt);
  EXPECT_NE(error.message.find("300000 bytes, but the file has 299999"), std::string::npos)
      << error.message;
}

TEST_F(Downloading, FollowsARedirection) {
  server_.Behave({.location = server_.Url("elsewhere")});
  ASSERT_TRUE(Fetch());
  EXPECT_EQ(Fetched(), content_);
}

TEST_F(Downloading, StopsWhenAskedAndKeepsWhatCame) {
  server_.Behave({.cut_after = 100'000});
  const WorkProgress progress = [](int64_t done, int64_t) { return done < 100'000; };
  const Status fetched = Download(Archive(), Target(), progress, kQuick);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind, ErrorKind::kInterrupted);
  EXPECT_EQ(std::filesystem::file_size(Part()), 100'000u);
  server_.Behave({});
  ASSERT_TRUE(Fetch());
  EXPECT_EQ(Fetched(), content_);
}

TEST_F(Downloading, TellsHowFarItIs) {
  int64_t last = 0;
  ASSERT_TRUE(Download(
      Archive(), Target(),
      [&](int64_t done, int64_t total) {
        EXPECT_GE(done, last);
        EXPECT_EQ(total, static_cast<int64_t>(kBytes));
        last = done;
        return true;
      },
      kQuick));
  EXPECT_EQ(last, static_cast<int64_t>(kBytes));
}

TEST_F(Downloading, RefusesWhatIsNoUrl) {
  PublishedArchive archive = Archive();
  archive.url = "file:///etc/passwd";
  EXPECT_EQ(FailureOf(archive).kind, ErrorKind::kInvalidInput);
}

TEST_F(Downloading, NamesTheServerThatDoesNotAnswer) {
  PublishedArchive archive = Archive();
  archive.url = "http://127.0.0.1:1/file";
  const Error error = FailureOf(archive);
  EXPECT_EQ(error.kind, ErrorKind::kIo);
  EXPECT_NE(error.message.find(archive.url), std::string::npos) << error.message;
}

}  // namespace
}  // namespace archsweep
