#include "worker/trainer/safetensors.h"

#include <gtest/gtest.h>

#include <random>

#include "base/file.h"
#include "base/sha256.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

NamedTensors SomeTensors() {
  return {{"flags", at::tensor({1, 0, 1}).to(at::kBool)},
          {"weights", at::arange(6, at::kFloat).view({2, 3})},
          {"count", at::scalar_tensor(7, at::kLong)},
          {"bytes", at::arange(5, at::kByte)},
          {"none", at::empty({0, 4}, at::kFloat)},
          {"sums", at::tensor({0.5, 1e300}, at::kDouble)}};
}

std::string LittleEndian(uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string FileOf(const std::string& header, const std::string& data) {
  return LittleEndian(header.size()) + header + data;
}

class Safetensors : public testing::Test {
 protected:
  std::string Written() const {
    EXPECT_TRUE(WriteSafetensors(file_, SomeTensors()));
    return ReadFile(file_, 1 << 20).value();
  }

  static std::string ErrorOf(const std::string& content) {
    const auto parsed = ParseSafetensors(content, "FILE");
    if (parsed) return "none";
    EXPECT_EQ(parsed.error().kind, ErrorKind::kCorrupt);
    EXPECT_TRUE(parsed.error().message.starts_with("FILE: ")) << parsed.error().message;
    return parsed.error().message;
  }

  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.Path() / "x.safetensors";
};

TEST_F(Safetensors, AreReadBackAsWritten) {
  const FileSummary summary = WriteSafetensors(file_, SomeTensors()).value();
  EXPECT_EQ(summary.bytes, static_cast<int64_t>(std::filesystem::file_size(file_)));
  EXPECT_EQ(summary.sha256, Sha256HexOfFile(file_).value());
  const NamedTensors read = ReadSafetensors(file_).value();
  ASSERT_EQ(read.size(), SomeTensors().size());
  for (const NamedTensor& expected : SomeTensors()) {
    const auto found = std::ranges::find(read, expected.name, &NamedTensor::name);
    ASSERT_NE(found, read.end()) << expected.name;
    EXPECT_EQ(found->tensor.scalar_type(), expected.tensor.scalar_type());
    EXPECT_TRUE(found->tensor.equal(expected.tensor)) << expected.name;
  }
}

// Spelt out, for the format is not ours.
TEST_F(Safetensors, AreLaidOutAsOthersReadThem) {
  const NamedTensors one = {{"a", at::tensor({1.0f, 2.0f})}};
  ASSERT_TRUE(WriteSafetensors(file_, one));
  const std::string header = R"({"a":{"data_offsets":[0,8],"dtype":"F32","shape":[2]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(ReadFile(file_, 1000).value(),
            FileOf(padded, std::string("\0\0\x80\x3f\0\0\0\x40", 8)));
}

TEST_F(Safetensors, CutOffAnywhereAreRefused) {
  const std::string content = Written();
  for (size_t length = 0; length < content.size(); ++length) {
    ASSERT_NE(ErrorOf(content.substr(0, length)), "none") << length;
  }
  EXPECT_NE(ErrorOf(content + "x"), "none");
}

TEST_F(Safetensors, WithAHeaderThatLiesAreRefused) {
  const auto header = [](const char* dtype, const char* shape, const char* offsets) {
    return std::string(R"({"a":{"dtype":")") + dtype + R"(","shape":)" + shape +
           R"(,"data_offsets":)" + offsets + "}}";
  };
  const std::string data(8, '\0');
  EXPECT_EQ(ErrorOf(FileOf(header("F32", "[2]", "[0,8]"), data)), "none");
  for (const std::string& bad :
       {header("F16", "[2]", "[0,8]"), header("F32", "[3]", "[0,8]"), header("F32", "[2]", "[8,0]"),
        header("F32", "[2]", "[4,12]"), header("F32", "[2]", "[0,8,9]"),
        header("F32", "[2]", "[-8,0]"), header("F32", "[-2]", "[0,8]"),
        header("F32", "[2.5]", "[0,8]"), header("F32", "[4611686018427387904,4]", "[0,0]"),
        header("F32", "[0,4611686018427387904,4611686018427387904]", "[0,0]"),
        header("F32", "2", "[0,8]"), std::string("[]"), std::string("{"), std::string("{}"),
        std::string(R"({"a":3})")}) {
    EXPECT_NE(ErrorOf(FileOf(bad, data)), "none") << bad;
  }
  const std::string overlap = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                              R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})";
  EXPECT_NE(ErrorOf(FileOf(overlap, data)), "none");
  EXPECT_NE(ErrorOf(LittleEndian(~uint64_t{0}) + "{}"), "none");
}

TEST_F(Safetensors, DamagedAtRandomAreRefusedOrReadButNeverCrash) {
  const std::string content = Written();
  const uint32_t seed = 20'240'917;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = content;
    for (uint32_t changes = 1 + random() % 4; changes > 0; --changes) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    refused += ParseSafetensors(damaged, "FILE") ? 0 : 1;
  }
  EXPECT_GT(refused, 2500);
}

TEST_F(Safetensors, InAMissingFolderNameTheFile) {
  const auto path = folder_.Path() / "none" / "x.safetensors";
  EXPECT_NE(WriteSafetensors(path, SomeTensors()).error().message.find(path.string()),
            std::string::npos);
  EXPECT_EQ(ReadSafetensors(path).error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace archsweep
