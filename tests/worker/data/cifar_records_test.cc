#include "worker/data/cifar_records.h"

#include <gtest/gtest.h>

#include "base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/data/record_files.h"

namespace archsweep {
namespace {

class CifarRecords : public testing::Test {
 protected:
  std::filesystem::path Write(const std::string& name, const std::string& bytes) const {
    WriteBytes(folder_.Path() / name, bytes);
    return folder_.Path() / name;
  }

  std::string ErrorOfReading(const std::string& bytes) const {
    const std::filesystem::path file = Write("data_batch_1.bin", bytes);
    const auto read = ReadRecords({file}, 10, nullptr);
    if (read) return "";
    EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
    EXPECT_NE(read.error().message.find(file.string()), std::string::npos);
    EXPECT_NE(read.error().message.find("fetch"), std::string::npos);
    return read.error().message;
  }

  const TemporaryFolder folder_;
};

TEST_F(CifarRecords, ComeInTheOrderOfTheFiles) {
  const auto first = Write("data_batch_1.bin", SomeRecords(3));
  const auto second = Write("data_batch_2.bin", SomeRecords(2, 3));
  ImageSet images;
  const RecordSummary summary = ReadRecords({first, second}, 10, &images).value();
  EXPECT_EQ(summary.records, 5);
  EXPECT_EQ(summary.sha256, Sha256Hex(SomeRecords(5)));
  EXPECT_EQ(images.Count(), 5);
  EXPECT_EQ(images.labels, (std::vector<uint8_t>{0, 1, 2, 3, 4}));
  ASSERT_EQ(images.pixels.size(), 5 * kImageBytes);
  EXPECT_EQ(images.pixels[4 * kImageBytes + 10], (4 * 7 + 10 * 3) % 251);
}

TEST_F(CifarRecords, AreCountedWithoutBeingKept) {
  const auto file = Write("test_batch.bin", SomeRecords(4));
  EXPECT_EQ(ReadRecords({file}, 10, nullptr).value().records, 4);
}

TEST_F(CifarRecords, UseTheTrainingFilesThatExistInTheirOrder) {
  Write("data_batch_5.bin", SomeRecords(1));
  Write("data_batch_2.bin", SomeRecords(1));
  const auto files = TrainingFiles(folder_.Path()).value();
  EXPECT_EQ(files, (std::vector{folder_.Path() / "data_batch_2.bin",
                                folder_.Path() / "data_batch_5.bin"}));
}

TEST_F(CifarRecords, OfACutFileAreRefusedWithItsSize) {
  std::string bytes = SomeRecords(2);
  bytes.pop_back();
  EXPECT_NE(ErrorOfReading(bytes).find("6145 bytes"), std::string::npos);
}

TEST_F(CifarRecords, OfAnEmptyFileAreRefused) {
  EXPECT_NE(ErrorOfReading("").find("empty"), std::string::npos);
}

TEST_F(CifarRecords, WithALabelBeyondTheClassesAreRefused) {
  std::string bytes = SomeRecords(3);
  bytes[2 * kRecordBytes] = 10;
  const std::string message = ErrorOfReading(bytes);
  EXPECT_NE(message.find("record 2 has label 10"), std::string::npos) << message;
}

TEST_F(CifarRecords, WithoutFilesNameTheFolder) {
  for (const auto& files : {TrainingFiles(folder_.Path()), TestFiles(folder_.Path()),
                            TrainingFiles(folder_.Path() / "none")}) {
    ASSERT_FALSE(files);
    EXPECT_EQ(files.error().kind, ErrorKind::kNotFound);
    EXPECT_NE(files.error().message.find(folder_.Path().string()), std::string::npos);
  }
}

}  // namespace
}  // namespace archsweep
