#include "worker/data/preparation/prepare.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/data/preparation/jpeg_files.h"
#include "tests/worker/data/record_files.h"
#include "worker/data/dataset.h"
#include "worker/data/preparation/jpeg.h"
#include "worker/data/preparation/jpeg_tree.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

std::string ClassName(int index) { return Format("n{:08}", index); }

// Tiny-ImageNet's published layout, with one training image of each class, two of the first, and
// three test images. The shade of red tells the class. Most tests do with few of its classes, for
// each is a folder of its own.
class TinyFolder : public testing::Test {
 protected:
  explicit TinyFolder(int classes = 5) {
    tiny_.format.classes = classes;
    std::string names;
    for (int i = classes - 1; i >= 0; --i) {
      names += ClassName(i) + "\n";
      WriteImage(TrainImage(i, 0), i);
    }
    WriteImage(TrainImage(0, 10), 0);
    WriteBytes(Published() / "train" / ClassName(0) / "n00000000_boxes.txt", "0 0 1 1");
    WriteBytes(Published() / "wnids.txt", names);
    WriteList({2, 1, classes - 1});
  }

  fs::path Published() const { return root_.Path() / "published"; }
  fs::path TrainImage(int label, int number) const {
    return Published() / "train" / ClassName(label) / "images" /
           Format("{}_{}.JPEG", ClassName(label), number);
  }
  static void WriteImage(const fs::path& file, int label) {
    WriteBytes(file, PlainJpeg(64, static_cast<uint8_t>(label), 100, 50));
  }
  void WriteList(const std::vector<int>& labels) const {
    std::string list;
    for (size_t i = 0; i < labels.size(); ++i) {
      const std::string name = Format("val_{}.JPEG", i);
      list += Format("{}\t{}\t0\t1\t2\t3\n", name, ClassName(labels[i]));
      WriteImage(Published() / "val/images" / name, labels[i]);
    }
    WriteBytes(Published() / "val/val_annotations.txt", list);
  }
  Status Prepare(const WorkProgress& progress = {}) const {
    return PrepareDataset(root_.Path(), tiny_, Published(), progress);
  }
  fs::path Packed() const { return root_.Path() / "tiny-imagenet-200/packed.bin"; }
  // Of preparing, which must fail and leave nothing.
  std::string ErrorOfPreparing() const {
    const Status prepared = Prepare();
    EXPECT_FALSE(fs::exists(Packed()));
    EXPECT_TRUE(!fs::exists(Packed().parent_path()) || fs::is_empty(Packed().parent_path()));
    return prepared ? "" : prepared.error().message;
  }

  RegisteredDataset tiny_ = DatasetByName("tiny-imagenet").value();
  const TemporaryFolder root_;
};

class WholeTinyFolder : public TinyFolder {
 protected:
  WholeTinyFolder() : TinyFolder(200) {}
};

TEST_F(WholeTinyFolder, IsPackedByClassAndByTheListOfTestImages) {
  ASSERT_TRUE(Prepare());
  const DatasetContent content = InspectDataset(root_.Path(), "tiny-imagenet").value();
  EXPECT_EQ(content.decoder, JpegDecoder());
  const Dataset dataset = LoadDataset(root_.Path(), {"tiny-imagenet", content.digest}).value();
  ASSERT_EQ(dataset.train.Count(), tiny_.format.classes + 1);
  constexpr size_t kImage = size_t{3} * 64 * 64;
  for (int i = 0; i < tiny_.format.classes; ++i) {
    const auto at = static_cast<size_t>(i + 1);
    EXPECT_EQ(dataset.train.labels[at], i);
    EXPECT_NEAR(dataset.train.pixels[at * kImage], i, 3);
    EXPECT_NEAR(dataset.train.pixels[at * kImage + kImage / 3], 100, 3);
  }
  EXPECT_EQ(dataset.test.labels, (std::vector<uint8_t>{2, 1, 199}));
}

TEST_F(TinyFolder, HasTheSameDigestHoweverOftenItIsPacked) {
  ASSERT_TRUE(Prepare());
  const std::string first = Sha256HexOfFile(Packed()).value();
  ASSERT_TRUE(Prepare());
  EXPECT_EQ(Sha256HexOfFile(Packed()).value(), first);
}

TEST_F(TinyFolder, TellsImagesAndStopsWhenAskedLeavingNothing) {
  int64_t most = 0;
  ASSERT_TRUE(Prepare([&](int64_t done, int64_t total) {
    EXPECT_EQ(total, 5 + 1 + 3);
    most = done;
    return true;
  }));
  EXPECT_EQ(most, 5 + 1 + 3);
  fs::remove(Packed());
  const Status stopped = Prepare([](int64_t done, int64_t) { return done < 4; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
  EXPECT_TRUE(fs::is_empty(Packed().parent_path()));
}

TEST_F(TinyFolder, WithADamagedImageIsRefusedWithItsName) {
  const std::string whole = ReadFile(TrainImage(3, 0), 1 << 20).value();
  WriteBytes(TrainImage(3, 0), whole.substr(0, whole.size() / 2));
  EXPECT_NE(ErrorOfPreparing().find(TrainImage(3, 0).string()), std::string::npos);
}

TEST_F(TinyFolder, WithMissingImagesIsRefusedWithTheirPlace) {
  fs::remove(Published() / "val/images/val_1.JPEG");
  EXPECT_NE(ErrorOfPreparing().find("val_1.JPEG"), std::string::npos);
  fs::remove_all(Published() / "train" / ClassName(4));
  EXPECT_NE(ErrorOfPreparing().find(ClassName(4)), std::string::npos);
}

TEST_F(TinyFolder, WithOtherClassesIsRefused) {
  WriteList({2, 5});
  EXPECT_NE(ErrorOfPreparing().find("val_annotations.txt:2"), std::string::npos);
  WriteBytes(Published() / "wnids.txt", ClassName(0) + "\n");
  EXPECT_NE(ErrorOfPreparing().find("names 1 classes instead of 5"), std::string::npos);
}

TEST_F(TinyFolder, MayNotNameImagesOfOtherFolders) {
  WriteBytes(Published() / "val/val_annotations.txt", "../../wnids.txt\t" + ClassName(0) + "\n");
  EXPECT_NE(ErrorOfPreparing().find("val_annotations.txt:1"), std::string::npos);
}

class RecordFolder : public testing::Test {
 protected:
  RecordFolder() {
    WriteBytes(Source() / "data_batch_1.bin", SomeRecords(400));
    WriteBytes(Source() / "test_batch.bin", SomeRecords(5));
  }
  fs::path Source() const { return root_.Path() / "source"; }
  fs::path Data() const { return root_.Path() / "data"; }
  const RegisteredDataset cifar10_ = DatasetByName("cifar10").value();
  const TemporaryFolder root_;
};

TEST_F(RecordFolder, IsCheckedAndCopied) {
  int64_t last = 0;
  ASSERT_TRUE(PrepareDataset(Data(), cifar10_, Source(), [&](int64_t done, int64_t total) {
    last = total - done;
    return true;
  }));
  EXPECT_EQ(last, 0);
  const DatasetContent content = InspectDataset(Data(), "cifar10").value();
  EXPECT_EQ(content.digest, DatasetDigest(Sha256Hex(SomeRecords(400)), Sha256Hex(SomeRecords(5))));
}

TEST_F(RecordFolder, OfWhichAFileIsDamagedIsNotCopied) {
  WriteBytes(Source() / "test_batch.bin", "short");
  ASSERT_FALSE(PrepareDataset(Data(), cifar10_, Source(), {}));
  EXPECT_FALSE(fs::exists(Data()));
}

TEST_F(RecordFolder, ThatIsThePlaceItselfIsLeftAsItIs) {
  const fs::path place = Data() / cifar10_.folder;
  fs::create_directories(Data());
  fs::rename(Source(), place);
  ASSERT_TRUE(PrepareDataset(Data(), cifar10_, place, {}));
  EXPECT_EQ(Sha256HexOfFile(place / "test_batch.bin").value(), Sha256Hex(SomeRecords(5)));
}

TEST_F(RecordFolder, TakesFurtherImagesThatAreRecords) {
  const fs::path records = root_.Path() / "records.bin";
  WriteBytes(records, SomeRecords(9));
  ASSERT_TRUE(PrepareExtra(Data(), cifar10_, records, {}));
  EXPECT_EQ(Sha256HexOfFile(Data() / cifar10_.folder / "extra.bin").value(),
            Sha256Hex(SomeRecords(9)));
  WriteBytes(records, SomeRecords(9) + "x");
  EXPECT_FALSE(PrepareExtra(Data(), cifar10_, records, {}));
}

TEST(Preparing, OfComputedImagesIsRefused) {
  const RegisteredDataset synthetic = DatasetByName("synthetic").value();
  EXPECT_EQ(PrepareDataset("/nowhere", synthetic, "/nowhere", {}).error().kind,
            ErrorKind::kInvalidInput);
  EXPECT_EQ(PrepareExtra("/nowhere", synthetic, "/nowhere", {}).error().kind,
            ErrorKind::kInvalidInput);
}

}  // namespace
}  // namespace archsweep
