#include "worker/data/dataset.h"

#include <gtest/gtest.h>

#include "base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/data/record_files.h"
#include "worker/data/dataset_files.h"
#include "worker/data/packed_file.h"

namespace archsweep {
namespace {

// The data set that ships, as a trial names it.
DatasetRef Quickstart() {
  const RegisteredDataset registered = DatasetByName("cifar10-quickstart").value();
  return {registered.name, registered.digest};
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class DatasetOnDisk : public testing::Test {
 protected:
  DatasetOnDisk() {
    WriteBytes(Folder() / "data_batch_1.bin", SomeRecords(6));
    WriteBytes(Folder() / "test_batch.bin", SomeRecords(3, 6));
  }

  std::filesystem::path Folder() const { return root_.Path() / "cifar10-quickstart"; }

  const TemporaryFolder root_;
  const std::string digest_ =
      DatasetDigest(Sha256Hex(SomeRecords(6)), Sha256Hex(SomeRecords(3, 6)));
};

TEST_F(DatasetOnDisk, IsLoadedUnderItsOwnDigest) {
  const Dataset dataset = LoadDataset(root_.Path(), {"cifar10-quickstart", digest_}).value();
  EXPECT_EQ(dataset.train.Count(), 6);
  EXPECT_EQ(dataset.test.Count(), 3);
  EXPECT_EQ(dataset.format.classes, 10);
  EXPECT_EQ(dataset.digest, digest_);
  EXPECT_TRUE(VerifyDataset(root_.Path(), {"cifar10-quickstart", digest_}));
}

TEST_F(DatasetOnDisk, HasOneDigestHoweverItIsCutIntoFiles) {
  WriteBytes(Folder() / "data_batch_1.bin", SomeRecords(4));
  WriteBytes(Folder() / "data_batch_3.bin", SomeRecords(2, 4));
  EXPECT_TRUE(VerifyDataset(root_.Path(), {"cifar10-quickstart", digest_}));
}

TEST_F(DatasetOnDisk, OfOtherContentIsRefusedWithBothDigestsAndTheRemedy) {
  const DatasetRef wanted = Quickstart();
  const auto loaded = LoadDataset(root_.Path(), wanted);
  ASSERT_FALSE(loaded);
  const std::string& message = loaded.error().message;
  EXPECT_EQ(loaded.error().kind, ErrorKind::kInvalidInput);
  EXPECT_TRUE(Contains(message, Folder().string())) << message;
  EXPECT_TRUE(Contains(message, wanted.digest)) << message;
  EXPECT_TRUE(Contains(message, "{name: cifar10-quickstart, digest: " + digest_ + "}")) << message;
  EXPECT_EQ(VerifyDataset(root_.Path(), wanted).error().message, message);
}

TEST_F(DatasetOnDisk, OfUnknownContentIsRefusedWithTheDigestFound) {
  const RecordFormat format = {.size = 64, .classes = 200};
  const RecordSummary part = {.records = 2, .sha256 = Sha256Hex(SomeRecords(2, 0, format))};
  const PackedHeader header = {
      .dataset = "tiny-imagenet", .format = format, .train = part, .test = part, .decoder = "d"};
  WriteBytes(root_.Path() / "tiny-imagenet-200/packed.bin",
             PackedHeaderText(header) + SomeRecords(2, 0, format) + SomeRecords(2, 0, format));
  const auto verified = VerifyDataset(root_.Path(), {"tiny-imagenet", ""});
  ASSERT_FALSE(verified);
  EXPECT_TRUE(Contains(verified.error().message, "registry holds no digest"));
  EXPECT_TRUE(Contains(verified.error().message, DatasetDigest(part.sha256, part.sha256)));
}

TEST_F(DatasetOnDisk, WithoutADigestIsThePublishedOne) {
  const auto other = VerifyDataset(root_.Path(), {"cifar10-quickstart", ""});
  ASSERT_FALSE(other);
  EXPECT_TRUE(Contains(other.error().message, "with the published digest " + Quickstart().digest));
  const std::filesystem::path root = std::filesystem::path(ARCHSWEEP_SOURCE_DIR) / "examples/data";
  EXPECT_TRUE(VerifyDataset(root, {"cifar10-quickstart", ""}));
}

TEST_F(DatasetOnDisk, HasFurtherImagesOnlyForATrialThatNamesThem) {
  WriteBytes(Folder() / "extra.bin", SomeRecords(5, 2));
  const std::string extra = Sha256Hex(SomeRecords(5, 2));
  EXPECT_EQ(LoadDataset(root_.Path(), {"cifar10-quickstart", digest_}).value().extra.Count(), 0);
  const Dataset dataset = LoadDataset(root_.Path(), {"cifar10-quickstart", digest_, extra}).value();
  EXPECT_EQ(dataset.extra.labels, (std::vector<uint8_t>{2, 3, 4, 5, 6}));
  EXPECT_EQ(dataset.digest, digest_);
  EXPECT_EQ(InspectDataset(root_.Path(), "cifar10-quickstart").value().extra.value().sha256, extra);
}

TEST_F(DatasetOnDisk, WithMissingOrOtherFurtherImagesIsRefused) {
  const DatasetRef ref = {"cifar10-quickstart", digest_, std::string(64, '0')};
  const auto missing = VerifyDataset(root_.Path(), ref);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(Contains(missing.error().message, "data prepare cifar10-quickstart --extra"));
  WriteBytes(Folder() / "extra.bin", SomeRecords(5));
  const auto other = VerifyDataset(root_.Path(), ref);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kInvalidInput);
  EXPECT_TRUE(Contains(other.error().message, "extra: " + Sha256Hex(SomeRecords(5))));
}

TEST_F(DatasetOnDisk, WithoutFilesNamesWhatIsMissingAndTheRemedy) {
  const auto no_folder = VerifyDataset(root_.Path(), {"cifar10", digest_});
  ASSERT_FALSE(no_folder);
  EXPECT_EQ(no_folder.error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(Contains(no_folder.error().message, "cifar-10-batches-bin: there is no such folder"));
  EXPECT_TRUE(Contains(no_folder.error().message, "`archsweep data download cifar10`"));
  std::filesystem::remove(Folder() / "test_batch.bin");
  const auto no_test = VerifyDataset(root_.Path(), {"cifar10-quickstart", digest_});
  ASSERT_FALSE(no_test);
  EXPECT_TRUE(Contains(no_test.error().message, (Folder() / "test_batch.bin").string()));
  std::filesystem::remove(Folder() / "data_batch_1.bin");
  const auto no_training = VerifyDataset(root_.Path(), {"cifar10-quickstart", digest_});
  ASSERT_FALSE(no_training);
  EXPECT_TRUE(Contains(no_training.error().message, (Folder() / "data_batch_1.bin").string()));
}

TEST_F(DatasetOnDisk, UsesTheTrainingFilesThatExistInTheirOrder) {
  WriteBytes(Folder() / "data_batch_5.bin", SomeRecords(1));
  WriteBytes(Folder() / "data_batch_2.bin", SomeRecords(1));
  std::filesystem::remove(Folder() / "data_batch_1.bin");
  const DatasetFiles files =
      FindRecordFiles(Folder(), DatasetByName("cifar10-quickstart").value()).value();
  EXPECT_EQ(files.train,
            (std::vector{Folder() / "data_batch_2.bin", Folder() / "data_batch_5.bin"}));
}

TEST_F(DatasetOnDisk, OfCifar100IsReadFromItsTwoFiles) {
  const RecordFormat format = {.classes = 100, .coarse_classes = 20};
  WriteBytes(root_.Path() / "cifar-100-binary/train.bin", SomeRecords(120, 0, format));
  WriteBytes(root_.Path() / "cifar-100-binary/test.bin", SomeRecords(7, 120, format));
  const std::string digest =
      DatasetDigest(Sha256Hex(SomeRecords(120, 0, format)), Sha256Hex(SomeRecords(7, 120, format)));
  const Dataset dataset = LoadDataset(root_.Path(), {"cifar100", digest}).value();
  EXPECT_EQ(dataset.format.classes, 100);
  EXPECT_EQ(dataset.train.labels[99], 99);
  EXPECT_EQ(dataset.test.labels, (std::vector<uint8_t>{20, 21, 22, 23, 24, 25, 26}));
}

TEST_F(DatasetOnDisk, OfAnUnknownNameIsRefused) {
  const auto verified = VerifyDataset(root_.Path(), {"cifar10-quikstart", digest_});
  ASSERT_FALSE(verified);
  EXPECT_TRUE(Contains(verified.error().message, "did you mean 'cifar10-quickstart'"));
}

TEST(ShippedDataset, IsTheOneInTheRegistry) {
  const std::filesystem::path root = std::filesystem::path(ARCHSWEEP_SOURCE_DIR) / "examples/data";
  const Dataset dataset = LoadDataset(root, Quickstart()).value();
  const RegisteredDataset registered = DatasetByName("cifar10-quickstart").value();
  EXPECT_EQ(dataset.train.Count(), registered.train_images);
  EXPECT_EQ(dataset.test.Count(), registered.test_images);
}

}  // namespace
}  // namespace archsweep
