#include "worker/trainer/initialisation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sweep/network/architecture.h"

namespace archsweep {
namespace {

const ArchitectureSpec kSpec = {
    .block = KnownBlock("robust"), .depth = {1, 1, 1}, .width = {4, 4, 4}};

Model Initialised(const Graph& graph, uint64_t seed) {
  Model model = AllocateModel(graph, 1, at::kFloat);
  Initialise(graph, seed, model);
  return model;
}

at::Tensor Find(const Model& model, std::string_view name) {
  for (const NamedTensor& named : OfficialTensors(model)) {
    if (named.name == name) return named.tensor;
  }
  ADD_FAILURE() << name;
  return at::zeros({2});
}

TEST(Initialisation, IsDistributedAsInTheOfficialCode) {
  const Graph graph = BuildGraph(kSpec, 32, 10);
  const Model model = Initialised(graph, 3);
  const at::Tensor conv = Find(model, "blocks.2.layer.0.conv1.weight");
  EXPECT_NEAR(conv.std().item<double>(), std::sqrt(2.0 / static_cast<double>(conv.size(0))),
              0.01 * std::sqrt(2.0 / static_cast<double>(conv.size(0))));
  EXPECT_NEAR(conv.mean().item<double>(), 0, 1e-3);
  // Grouped: the number of groups has no influence.
  const at::Tensor grouped = Find(model, "blocks.2.layer.0.conv2.0.weight");
  const double deviation = std::sqrt(2.0 / (9.0 * static_cast<double>(grouped.size(0))));
  EXPECT_NEAR(grouped.std().item<double>(), deviation, 0.05 * deviation);
  const at::Tensor linear = Find(model, "fc.weight");
  const double bound = 1 / std::sqrt(static_cast<double>(linear.size(1)));
  EXPECT_LE(linear.abs().max().item<double>(), bound);
  EXPECT_NEAR(linear.std().item<double>(), bound / std::sqrt(3.0), 0.05 * bound);
  EXPECT_EQ(Find(model, "fc.bias").abs().max().item<double>(), 0);
  EXPECT_GT(Find(model, "blocks.0.layer.0.se.fc.0.weight").abs().max().item<double>(), 0);
  EXPECT_EQ(Find(model, "norm1.weight").min().item<double>(), 1);
  EXPECT_EQ(Find(model, "norm1.bias").abs().max().item<double>(), 0);
  EXPECT_EQ(Find(model, "norm1.running_var").min().item<double>(), 1);
}

TEST(Initialisation, OfCellsIsThatOfPyTorch) {
  const Graph graph = BuildGraph(ArchitectureByName("racl").value(), 32, 10);
  const Model model = Initialised(graph, 3);
  const at::Tensor depthwise = Find(model, "cells.20._ops.0.op.1.weight");
  const double bound = 1.0 / 3;  // One input channel of 3 x 3.
  EXPECT_LE(depthwise.abs().max().item<double>(), bound);
  EXPECT_NEAR(depthwise.std().item<double>(), bound / std::sqrt(3.0), 0.05 * bound);
  EXPECT_GT(Find(model, "classifier.bias").abs().max().item<double>(), 0);
  EXPECT_EQ(Find(model, "stem.1.weight").min().item<double>(), 1);
}

TEST(Initialisation, IsDecidedByTheSeed) {
  const Graph graph = BuildGraph(kSpec, 32, 10);
  const NamedTensors first = OfficialTensors(Initialised(graph, 3));
  const NamedTensors again = OfficialTensors(Initialised(graph, 3));
  const NamedTensors other = OfficialTensors(Initialised(graph, 4));
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_TRUE(first[i].tensor.equal(again[i].tensor)) << first[i].name;
  }
  EXPECT_FALSE(first.front().tensor.equal(other.front().tensor));
}

}  // namespace
}  // namespace archsweep
