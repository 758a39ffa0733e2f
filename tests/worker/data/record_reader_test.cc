#include "worker/data/record_reader.h"

#include <gtest/gtest.h>

#include "base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/data/record_files.h"

namespace archsweep {
namespace {

constexpr RecordFormat kCifar10 = {};
constexpr RecordFormat kCifar100 = {.classes = 100, .coarse_classes = 20};
constexpr size_t kRecordBytes = kCifar10.RecordBytes();

class RecordReading : public testing::Test {
 protected:
  std::filesystem::path Write(const std::string& name, const std::string& bytes) const {
    WriteBytes(folder_.Path() / name, bytes);
    return folder_.Path() / name;
  }

  std::string ErrorOfReading(const std::string& bytes, const RecordFormat& format = kCifar10) {
    const std::filesystem::path file = Write("data_batch_1.bin", bytes);
    RecordReader reader(format, nullptr, "fetch it again", work_);
    const Status read = reader.ReadFile(file);
    if (read) return "";
    EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
    EXPECT_NE(read.error().message.find(file.string()), std::string::npos);
    EXPECT_NE(read.error().message.find("fetch it again"), std::string::npos);
    return read.error().message;
  }

  const TemporaryFolder folder_;
  Work work_{0, {}};
};

TEST_F(RecordReading, KeepsRecordsInTheOrderOfTheFiles) {
  ImageSet images;
  RecordReader reader(kCifar10, &images, "", work_);
  ASSERT_TRUE(reader.ReadFile(Write("data_batch_1.bin", SomeRecords(3))));
  ASSERT_TRUE(reader.ReadFile(Write("data_batch_2.bin", SomeRecords(2, 3))));
  const RecordSummary summary = reader.Finish();
  EXPECT_EQ(summary.records, 5);
  EXPECT_EQ(summary.sha256, Sha256Hex(SomeRecords(5)));
  EXPECT_EQ(images.labels, (std::vector<uint8_t>{0, 1, 2, 3, 4}));
  ASSERT_EQ(images.pixels.size(), 5 * kCifar10.ImageBytes());
  EXPECT_EQ(images.pixels[4 * kCifar10.ImageBytes() + 10], (4 * 7 + 10 * 3) % 251);
}

TEST_F(RecordReading, GivesTheSameForAnyCutIntoPieces) {
  const size_t many = 1000;  // More than are read at once.
  ImageSet images;
  RecordReader reader(kCifar10, &images, "", work_);
  ASSERT_TRUE(reader.ReadFile(Write("data_batch_1.bin", SomeRecords(many))));
  EXPECT_EQ(reader.Finish().sha256, Sha256Hex(SomeRecords(many)));
  EXPECT_EQ(images.Count(), static_cast<int64_t>(many));
  EXPECT_EQ(images.pixels[999 * kCifar10.ImageBytes()], (999 * 7) % 251);
}

TEST_F(RecordReading, LeavesOutTheCoarseLabelOfCifar100) {
  ImageSet images;
  RecordReader reader(kCifar100, &images, "", work_);
  ASSERT_TRUE(reader.ReadFile(Write("train.bin", SomeRecords(30, 0, kCifar100))));
  const RecordSummary summary = reader.Finish();
  EXPECT_EQ(summary.records, 30);
  EXPECT_EQ(summary.sha256, Sha256Hex(SomeRecords(30, 0, kCifar100)));
  EXPECT_EQ(images.labels[29], 29);
  EXPECT_EQ(images.pixels[29 * kCifar100.ImageBytes()], 29 * 7);
}

TEST_F(RecordReading, CountsWithoutKeeping) {
  RecordReader reader(kCifar10, nullptr, "", work_);
  ASSERT_TRUE(reader.ReadFile(Write("test_batch.bin", SomeRecords(4))));
  EXPECT_EQ(reader.Finish().records, 4);
}

TEST_F(RecordReading, ReadsAPartOfAFile) {
  const std::filesystem::path file = Write("packed.bin", "header" + SomeRecords(3) + "tail");
  RecordReader reader(kCifar10, nullptr, "", work_);
  ASSERT_TRUE(reader.ReadPart(file, 6 + static_cast<int64_t>(kRecordBytes),
                              2 * static_cast<int64_t>(kRecordBytes)));
  EXPECT_EQ(reader.Finish().sha256, Sha256Hex(SomeRecords(2, 1)));
}

TEST_F(RecordReading, RefusesAPartThatTheFileDoesNotHave) {
  const std::filesystem::path file = Write("packed.bin", SomeRecords(2));
  RecordReader reader(kCifar10, nullptr, "make it again", work_);
  const Status read = reader.ReadPart(file, 0, 3 * static_cast<int64_t>(kRecordBytes));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(read.error().message.find("make it again"), std::string::npos);
}

TEST_F(RecordReading, TellsTheBytesAndStopsWhenAsked) {
  const std::filesystem::path file = Write("test_batch.bin", SomeRecords(1000));
  std::vector<int64_t> told;
  Work all(1000 * static_cast<int64_t>(kRecordBytes), [&](int64_t done, int64_t) {
    told.push_back(done);
    return true;
  });
  ASSERT_TRUE(RecordReader(kCifar10, nullptr, "", all).ReadFile(file));
  EXPECT_GT(told.size(), 1u);
  EXPECT_EQ(told.back(), 1000 * static_cast<int64_t>(kRecordBytes));
  Work stopped(1, [](int64_t, int64_t) { return false; });
  const Status read = RecordReader(kCifar10, nullptr, "", stopped).ReadFile(file);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kInterrupted);
}

TEST_F(RecordReading, RefusesACutFileWithItsSize) {
  std::string bytes = SomeRecords(2);
  bytes.pop_back();
  EXPECT_NE(ErrorOfReading(bytes).find("6145 bytes"), std::string::npos);
  EXPECT_NE(ErrorOfReading(SomeRecords(2), kCifar100).find("no multiple of the 3074 bytes"),
            std::string::npos);
}

TEST_F(RecordReading, RefusesAnEmptyFile) {
  EXPECT_NE(ErrorOfReading("").find("empty"), std::string::npos);
}

TEST_F(RecordReading, RefusesALabelBeyondTheClasses) {
  std::string bytes = SomeRecords(3);
  bytes[2 * kRecordBytes] = 10;
  const std::string message = ErrorOfReading(bytes);
  EXPECT_NE(message.find("record 2 of the data set has label 10"), std::string::npos) << message;
}

TEST_F(RecordReading, RefusesACoarseLabelBeyondItsClasses) {
  std::string bytes = SomeRecords(3, 0, kCifar100);
  bytes[kCifar100.RecordBytes()] = 20;
  const std::string message = ErrorOfReading(bytes, kCifar100);
  EXPECT_NE(message.find("record 1 of the data set has coarse label 20"), std::string::npos)
      << message;
}

}  // namespace
}  // namespace archsweep
