#include "worker/data/synthetic.h"

#include <gtest/gtest.h>

#include <set>

#include "worker/data/dataset.h"

namespace archsweep {
namespace {

TEST(Synthetic, HasTheRegisteredDigestWithoutAnyFile) {
  const RegisteredDataset registered = DatasetByName("synthetic").value();
  const Dataset dataset = LoadDataset("/nowhere", {registered.name, registered.digest}).value();
  EXPECT_EQ(dataset.train.Count(), registered.train_images);
  EXPECT_EQ(dataset.test.Count(), registered.test_images);
  EXPECT_TRUE(HasDatasetFiles("/nowhere", registered));
}

TEST(Synthetic, GivesEachImageOnce) {
  std::set<std::string> records;
  for (uint32_t i = 0; i < 200; ++i) {
    records.insert(SyntheticRecord(SyntheticSplit::kTrain, i));
    records.insert(SyntheticRecord(SyntheticSplit::kTest, i));
  }
  EXPECT_EQ(records.size(), 400u);
}

// The mean of each cell of a class, which noise of zero mean leaves as it is.
std::vector<double> MeanImage(uint32_t label) {
  constexpr uint32_t kImages = 40;
  std::vector<double> mean(3 * 32 * 32);
  for (uint32_t i = 0; i < kImages; ++i) {
    const std::string record =
        SyntheticRecord(SyntheticSplit::kTrain, label + i * kSyntheticClasses);
    EXPECT_EQ(static_cast<uint32_t>(record[0]), label);
    for (size_t j = 0; j < mean.size(); ++j) mean[j] += static_cast<uint8_t>(record[j + 1]) / 40.0;
  }
  return mean;
}

TEST(Synthetic, LooksAlikeWithinAClassAndNotBetweenClasses) {
  const std::vector<double> first = MeanImage(0);
  const std::vector<double> second = MeanImage(1);
  double within = 0;
  double between = 0;
  const std::string test = SyntheticRecord(SyntheticSplit::kTest, 0);
  for (size_t j = 0; j < first.size(); ++j) {
    within += std::abs(first[j] - static_cast<uint8_t>(test[j + 1]));
    between += std::abs(second[j] - static_cast<uint8_t>(test[j + 1]));
  }
  EXPECT_LT(within, 0.95 * between);
}

}  // namespace
}  // namespace archsweep
