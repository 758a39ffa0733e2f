#include "base/safetensors_header.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

std::string LittleEndian(uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string FileOf(const std::string& header, size_t data_bytes) {
  return LittleEndian(header.size()) + header + std::string(data_bytes, 'x');
}

const std::string kTwo =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2,1],"data_offsets":[8,12]},)"
    R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

TEST(SafetensorsHeader, ListsTensorsInTheOrderOfTheirBytes) {
  const TemporaryFolder folder;
  const auto path = folder.Path() / "x.safetensors";
  ASSERT_TRUE(WriteFileDurably(path, FileOf(kTwo, 12)));
  const auto header = ReadSafetensorsHeader(path);
  ASSERT_TRUE(header) << header.error().message;
  ASSERT_EQ(header->tensors.size(), 2u);
  EXPECT_EQ(header->tensors[0].name, "a");
  EXPECT_EQ(header->tensors[1].name, "b");
  EXPECT_EQ(header->tensors[1].dtype, "F16");
  EXPECT_EQ(header->tensors[1].shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(header->tensors[1].begin, 8u);
  EXPECT_EQ(header->data_begin, 8 + kTwo.size());
}

TEST(SafetensorsHeader, OfAFileThatIsCutOffAnywhereIsRefused) {
  const TemporaryFolder folder;
  const auto path = folder.Path() / "x.safetensors";
  const std::string content = FileOf(kTwo, 12);
  for (size_t length = 0; length < content.size(); ++length) {
    EXPECT_FALSE(ParseSafetensorsHeader(content.substr(0, length), length)) << length;
  }
  ASSERT_TRUE(WriteFileDurably(path, content + "x"));
  const auto longer = ReadSafetensorsHeader(path);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(longer.error().message, path.string() +
                                        ": its tensors take 12 bytes, but it holds 13: it is cut "
                                        "off or damaged");
}

TEST(SafetensorsHeader, OfSomethingElseIsRefused) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadSafetensorsHeader(folder.Path() / "none").error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(ReadSafetensorsHeader(folder.Path()));
  const auto path = folder.Path() / "x.pt";
  ASSERT_TRUE(WriteFileDurably(path, "PK\x03\x04 a zip archive of pickles"));
  const auto pickle = ReadSafetensorsHeader(path);
  ASSERT_FALSE(pickle);
  EXPECT_NE(pickle.error().message.find("it is no safetensors file"), std::string::npos)
      << pickle.error().message;
}

}  // namespace
}  // namespace archsweep
