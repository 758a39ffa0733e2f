#include "sweep/language/read_dataset.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(ReadDataset, TakesANameOrAMap) {
  EXPECT_EQ(ReadDataset("cifar10").value().name, "cifar10");
  const std::string digest(64, 'a');
  const DatasetRef other = ReadDataset("{name: cifar10, digest: " + digest + "}").value();
  EXPECT_EQ(other.name, "cifar10");
  EXPECT_EQ(other.digest, digest);
}

TEST(ReadDataset, NamesMistakes) {
  const auto unknown = ReadDataset("cifar11");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("did you mean 'cifar10'?"), std::string::npos)
      << unknown.error().message;
  EXPECT_FALSE(ReadDataset("{digest: abc}"));
  EXPECT_FALSE(ReadDataset("[cifar10]"));
  EXPECT_FALSE(ReadDataset(""));
}

}  // namespace
}  // namespace archsweep
