#include "worker/data/dataset.h"

#include <gtest/gtest.h>

#include "base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/data/record_files.h"

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

TEST_F(DatasetOnDisk, WithoutADigestIsRefusedWithTheOneFound) {
  const auto verified = VerifyDataset(root_.Path(), {"cifar10-quickstart", ""});
  ASSERT_FALSE(verified);
  EXPECT_TRUE(Contains(verified.error().message, "registry holds no digest"));
  EXPECT_TRUE(Contains(verified.error().message, digest_));
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
