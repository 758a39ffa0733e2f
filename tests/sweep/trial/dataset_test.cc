#include "sweep/trial/dataset.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"

namespace archsweep {
namespace {

TEST(Dataset, OfTheQuickstartIsRegisteredWithTheDigestOfItsFiles) {
  const RegisteredDataset dataset = DatasetByName("cifar10-quickstart").value();
  const auto folder =
      std::filesystem::path(ARCHSWEEP_SOURCE_DIR) / "examples/data" / dataset.folder;
  EXPECT_EQ(DatasetDigest(Sha256HexOfFile(folder / "data_batch_1.bin").value(),
                          Sha256HexOfFile(folder / "test_batch.bin").value()),
            dataset.content);
  EXPECT_EQ(dataset.digest, dataset.content);
}

TEST(Dataset, OfAnUnknownNameIsRefusedWithTheNearest) {
  const auto dataset = DatasetByName("cifar-10");
  ASSERT_FALSE(dataset);
  EXPECT_NE(dataset.error().message.find("did you mean 'cifar10'?"), std::string::npos)
      << dataset.error().message;
}

}  // namespace
}  // namespace archsweep
