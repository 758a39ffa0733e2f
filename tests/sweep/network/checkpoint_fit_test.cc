#include "sweep/network/checkpoint_fit.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sweep/network/architecture.h"

namespace archsweep {
namespace {

Graph Small() { return BuildGraph({.depth = 1, .width = 1}, 32, 10); }

std::vector<TensorEntry> TensorsOf(const Graph& graph) {
  std::vector<TensorEntry> tensors;
  for (const StateEntry& entry : StateEntries(graph)) {
    const std::string dtype = entry.name.ends_with(".num_batches_tracked") ? "I64" : "F32";
    tensors.push_back({.name = entry.name, .dtype = dtype, .shape = entry.shape});
  }
  return tensors;
}

TEST(CheckpointFit, HoldsOfTheNetworkItself) {
  EXPECT_TRUE(Misfits(Small(), TensorsOf(Small())).empty());
}

TEST(CheckpointFit, NamesWhatDiffers) {
  std::vector<TensorEntry> tensors = TensorsOf(Small());
  tensors.front().shape = {16, 3, 1, 1};
  const std::string lost = tensors.back().name;
  tensors.back().name = "module." + lost;
  const std::vector<std::string> misfits = Misfits(Small(), tensors);
  ASSERT_EQ(misfits.size(), 3u);
  EXPECT_EQ(misfits[0], "stem_conv.weight is [16, 3, 1, 1] and should be [16, 3, 3, 3]");
  EXPECT_EQ(misfits[1].find(lost), 0u) << misfits[1];
  EXPECT_NE(misfits[1].find("is missing"), std::string::npos) << misfits[1];
  EXPECT_NE(misfits[2].find("module." + lost), std::string::npos) << misfits[2];
}

TEST(CheckpointFit, NamesOtherTypes) {
  std::vector<TensorEntry> tensors = TensorsOf(Small());
  tensors.front().dtype = "F16";
  const auto count = std::ranges::find(tensors, "I64", &TensorEntry::dtype);
  ASSERT_NE(count, tensors.end());
  count->dtype = "I32";
  EXPECT_EQ(Misfits(Small(), tensors),
            (std::vector<std::string>{"stem_conv.weight is of type F16 and should be of F32",
                                      count->name + " is of type I32 and should be of I64"}));
}

TEST(CheckpointFit, TellsNetworksApartByClassesAndDepth) {
  const Graph classes = BuildGraph({.depth = 1, .width = 1}, 32, 100);
  const Graph deeper = BuildGraph({.depth = {1, 2, 1}, .width = 1}, 32, 10);
  EXPECT_FALSE(Misfits(classes, TensorsOf(Small())).empty());
  EXPECT_FALSE(Misfits(deeper, TensorsOf(Small())).empty());
  EXPECT_FALSE(Misfits(Small(), TensorsOf(deeper)).empty());
}

}  // namespace
}  // namespace archsweep
