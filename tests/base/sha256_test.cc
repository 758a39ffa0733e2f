#include "base/sha256.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/file.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DependsOnTheBytesAndNotOnTheirPieces) {
  for (size_t length = 0; length < 200; ++length) {
    const std::string text(length, 'x');
    Sha256 pieces;
    for (const char c : text) pieces.Update({&c, 1});
    const Sha256::Digest digest = pieces.Finish();
    EXPECT_EQ(Hex(digest.data(), digest.size()), Sha256Hex(text)) << length;
  }
}

TEST(Sha256, IsWrittenIn64SmallDigits) {
  EXPECT_TRUE(IsSha256Hex(Sha256Hex("abc")));
  EXPECT_FALSE(IsSha256Hex(std::string(63, 'a')));
  EXPECT_FALSE(IsSha256Hex(std::string(64, 'A')));
  EXPECT_FALSE(IsSha256Hex(std::string(64, 'g')));
}

TEST(Sha256, IsTheSameWithTheInstructionsOfTheProcessorAndWithout) {
  std::vector<uint8_t> blocks(20 * kSha256BlockBytes);
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i] = static_cast<uint8_t>(i * i * 37 >> 3);
  for (size_t count = 0; count <= 20; ++count) {
    Sha256State chosen = {1, 2, 3, 4, 5, 6, 0x80000000, 0xffffffff};
    Sha256State portable = chosen;
    TakeSha256Blocks(chosen, blocks.data(), count);
    TakeSha256BlocksPortably(portable, blocks.data(), count);
    EXPECT_EQ(chosen, portable) << count;
  }
}

TEST(Sha256, OfAFileIsThatOfItsContent) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteFileDurably(folder.Path() / "f", "abc"));
  EXPECT_EQ(Sha256HexOfFile(folder.Path() / "f").value(), Sha256Hex("abc"));
  EXPECT_EQ(Sha256HexOfFile(folder.Path() / "g").error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace archsweep
