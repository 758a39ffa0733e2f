#include "worker/data/packed_file.h"

#include <gtest/gtest.h>

#include "base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/data/record_files.h"
#include "worker/data/dataset.h"

namespace archsweep {
namespace {

constexpr RecordFormat kTiny = {.size = 64, .classes = 200};

PackedHeader SomeHeader() {
  return {.dataset = "tiny-imagenet",
          .format = kTiny,
          .train = {.records = 3, .sha256 = Sha256Hex(SomeRecords(3, 0, kTiny))},
          .test = {.records = 2, .sha256 = Sha256Hex(SomeRecords(2, 3, kTiny))},
          .decoder = "some decoder 1.2"};
}

class PackedDataset : public testing::Test {
 protected:
  PackedDataset() { Write(SomeHeader(), SomeRecords(5, 0, kTiny)); }

  void Write(const PackedHeader& header, const std::string& records) const {
    WriteBytes(File(), PackedHeaderText(header) + records);
  }
  std::filesystem::path File() const { return root_.Path() / "tiny-imagenet-200" / "packed.bin"; }
  std::string Digest() const {
    return DatasetDigest(SomeHeader().train.sha256, SomeHeader().test.sha256);
  }
  // Of loading it, which must fail as damaged and say what to do.
  std::string ErrorOfLoading() const {
    const auto loaded = LoadDataset(root_.Path(), {"tiny-imagenet", Digest()});
    if (loaded) return "";
    EXPECT_EQ(loaded.error().kind, ErrorKind::kCorrupt);
    EXPECT_NE(loaded.error().message.find(File().string()), std::string::npos);
    EXPECT_NE(loaded.error().message.find("`archsweep data prepare tiny-imagenet`"),
              std::string::npos);
    return loaded.error().message;
  }

  const TemporaryFolder root_;
};

TEST_F(PackedDataset, IsLoaded) {
  const Dataset dataset = LoadDataset(root_.Path(), {"tiny-imagenet", Digest()}).value();
  EXPECT_EQ(dataset.format.size, 64);
  EXPECT_EQ(dataset.train.labels, (std::vector<uint8_t>{0, 1, 2}));
  EXPECT_EQ(dataset.test.labels, (std::vector<uint8_t>{3, 4}));
  EXPECT_EQ(dataset.test.pixels.size(), 2 * kTiny.ImageBytes());
  EXPECT_EQ(dataset.test.pixels[0], 21);
}

TEST_F(PackedDataset, TellsWhatMadeIt) {
  EXPECT_EQ(InspectDataset(root_.Path(), "tiny-imagenet").value().decoder, "some decoder 1.2");
  const PackedHeader header = ReadPackedHeader(File()).value();
  EXPECT_EQ(header.train.records, 3);
  EXPECT_EQ(header.test.sha256, SomeHeader().test.sha256);
}

TEST_F(PackedDataset, ThatIsMissingIsToBePrepared) {
  std::filesystem::remove(File());
  const auto loaded = LoadDataset(root_.Path(), {"tiny-imagenet", Digest()});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(loaded.error().message.find("archsweep data prepare tiny-imagenet"), std::string::npos);
}

TEST_F(PackedDataset, ThatIsCutOffIsRefused) {
  std::string records = SomeRecords(5, 0, kTiny);
  records.pop_back();
  Write(SomeHeader(), records);
  EXPECT_NE(ErrorOfLoading().find("its header announces"), std::string::npos);
  WriteBytes(File(), PackedHeaderText(SomeHeader()).substr(0, 100));
  EXPECT_NE(ErrorOfLoading().find("within its header"), std::string::npos);
}

TEST_F(PackedDataset, OfWhichOneByteWasChangedIsRefused) {
  std::string records = SomeRecords(5, 0, kTiny);
  records.back() = static_cast<char>(records.back() + 1);
  Write(SomeHeader(), records);
  EXPECT_NE(ErrorOfLoading().find("was changed"), std::string::npos);
}

TEST_F(PackedDataset, OfAnotherKindOrNameIsRefused) {
  PackedHeader other = SomeHeader();
  other.dataset = "small-imagenet";
  Write(other, SomeRecords(5, 0, kTiny));
  EXPECT_NE(ErrorOfLoading().find("small-imagenet"), std::string::npos);
  WriteBytes(File(), std::string(5000, 'x'));
  EXPECT_NE(ErrorOfLoading().find("no packed data set"), std::string::npos);
  std::string text = PackedHeaderText(SomeHeader());
  text.replace(text.find("packed images"), 6, "stored");
  WriteBytes(File(), text + SomeRecords(5, 0, kTiny));
  EXPECT_NE(ErrorOfLoading().find("another kind"), std::string::npos);
}

}  // namespace
}  // namespace archsweep
