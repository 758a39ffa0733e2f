#include "worker/trainer/frozen/frozen_network.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <string>
#include <tuple>

#include "sweep/network/architecture.h"
#include "tests/worker/trainer/golden.h"

// What is folded and computed without automatic differentiation, against the plain order of
// operations with it, on random weights and running statistics.

namespace archsweep {
namespace {

constexpr int kImages = 3;
constexpr int kSize = 16;
constexpr int kClasses = 7;

// Reproducible; printed where a test fails.
constexpr uint64_t kSeed = 20240611;

void Randomize(const Model& model, at::ScalarType type) {
  at::manual_seed(kSeed);
  for (size_t i = 0; i < model.entries.size(); ++i) {
    const StateEntry& entry = model.entries[i];
    const bool is_kernel = entry.is_parameter && entry.shape.size() > 1;
    const at::Tensor target =
        entry.is_parameter ? model.parameters[i].detach() : model.buffers.front()[i];
    if (entry.shape.empty()) continue;
    at::Tensor values = at::randn(entry.shape, at::kDouble);
    if (is_kernel) {
      values /=
          std::sqrt(static_cast<double>(values.numel()) / static_cast<double>(values.size(0)));
    } else if (entry.name.ends_with("running_var") || entry.name.ends_with("weight")) {
      values = values.abs() + 0.5;
    }
    target.copy_(values.to(type));
  }
}

struct Network {
  Network(const ArchitectureSpec& spec, Fusion fusion, at::ScalarType type)
      : graph(BuildGraph(spec, kSize, kClasses)),
        model(AllocateModel(graph, 1, at::TensorOptions().dtype(type), fusion)),
        executor(graph, model, {.fusion = fusion}) {
    Randomize(model, type);
  }
  Graph graph;
  Model model;
  Executor executor;
};

struct Result {
  at::Tensor logits, gradient;
};

// Of a sum of logits weighed at random.
Result ResultOf(const FrozenNetwork& network, const at::Tensor& images) {
  FrozenNetwork::Pass pass = network.Forward(images);
  const at::Tensor logits = pass.Logits();
  at::manual_seed(kSeed + 1);
  const at::Tensor weights = at::randn(logits.sizes(), at::kDouble).to(logits.options());
  return {.logits = logits, .gradient = std::move(pass).ImageGradient(weights)};
}

at::Tensor RandomImages(int64_t count, at::ScalarType type) {
  at::manual_seed(kSeed + 2);
  return at::rand({count, 3, kSize, kSize}, at::kDouble).to(type);
}

// Compares folded with plain. In double precision equal to rounding; in single precision within
// what rounding does to one of them.
void ExpectSame(const ArchitectureSpec& spec) {
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
    const bool is_double = type == at::kDouble;
    SCOPED_TRACE(is_double ? "double" : "float");
    const at::Tensor images = RandomImages(kImages, type);
    const Network plain(spec, Fusion::kNone, type);
    const Network folded(spec, Fusion::kFolded, type);
    const Result expected = ResultOf(FrozenNetwork(plain.executor, 0), images);
    const FrozenNetwork frozen(folded.executor, 0);
    const Result found = ResultOf(frozen, images);
    EXPECT_LT(RelativeDifference(found.logits, expected.logits), is_double ? 1e-12 : 1e-5);
    EXPECT_LT(RelativeL2(found.gradient, expected.gradient), is_double ? 1e-11 : 1e-3);
    EXPECT_LT(RelativeDifference(frozen.Logits(images), expected.logits), is_double ? 1e-12 : 1e-5);
  }
}

TEST(FrozenNetwork, EqualsThePlainOneForAllBlocks) {
  for (const BlockType& block : BlockTypes()) {
    for (const LayerOrder order : {LayerOrder::kPre, LayerOrder::kPost}) {
      const ArchitectureSpec spec = {
          .block = &block, .depth = {2, 1, 1}, .width = {1, 2, 1}, .order = order};
      if (!Problems(spec).empty()) continue;
      SCOPED_TRACE(testing::Message() << block.name << " " << NameOf(order));
      ExpectSame(spec);
    }
  }
}

TEST(FrozenNetwork, EqualsThePlainOneForAllActivations) {
  for (const ActivationKind activation : ActivationKinds()) {
    for (const LayerOrder order : {LayerOrder::kPre, LayerOrder::kPost}) {
      SCOPED_TRACE(testing::Message() << NameOf(activation) << " " << NameOf(order));
      ExpectSame({.depth = {1, 2, 1},
                  .width = {1, 1, 1},
                  .activation = activation,
                  .order = order,
                  .pre_process = true});
    }
  }
}

TEST(FrozenNetwork, EqualsThePlainOneForAllNorms) {
  for (const NormKind norm : NormKinds()) {
    SCOPED_TRACE(NameOf(norm));
    ExpectSame({.depth = {1, 2, 1}, .width = {1, 1, 1}, .norm = norm});
  }
}

TEST(FrozenNetwork, EqualsThePlainOneForSearchedCells) {
  for (const char* name : {"racl", "advrush", "robnet-large-v2"}) {
    SCOPED_TRACE(name);
    ArchitectureSpec spec = ArchitectureByName(name).value();
    spec.cells.layers = 3;
    spec.cells.channels = 8;
    ExpectSame(spec);
  }
}

TEST(FrozenNetwork, CutsABatchIntoShardsThatThreadsShare) {
  const ArchitectureSpec spec = {.depth = {1, 1, 1}, .width = {1, 1, 1}};
  const Network network(spec, Fusion::kFolded, at::kDouble);
  const FrozenNetwork frozen(network.executor, 0);
  const at::Tensor images = RandomImages(300, at::kDouble);
  const Result whole = ResultOf(frozen, images);
  const int threads = at::get_num_threads();
  at::set_num_threads(3);
  const Result shared = ResultOf(frozen, images);
  at::set_num_threads(threads);
  EXPECT_LT(RelativeDifference(shared.logits, whole.logits), 1e-12);
  EXPECT_LT(RelativeL2(shared.gradient, whole.gradient), 1e-12);
  EXPECT_LT(
      RelativeDifference(frozen.Logits(images.narrow(0, 30, 2)), whole.logits.narrow(0, 30, 2)),
      1e-12);
}

TEST(FrozenNetwork, ChangesNothing) {
  const Network network({.depth = {1, 1, 1}, .width = {1, 1, 1}}, Fusion::kFolded, at::kFloat);
  const at::Tensor images = RandomImages(kImages, at::kFloat);
  const at::Tensor images_before = images.clone();
  NamedTensors before;
  for (const NamedTensor& named : OfficialTensors(network.model)) {
    before.push_back({named.name, named.tensor.clone()});
  }
  const FrozenNetwork frozen(network.executor, 0);
  ResultOf(frozen, images);
  frozen.Logits(images);
  EXPECT_TRUE(images.equal(images_before));
  const NamedTensors after = OfficialTensors(network.model);
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(after[i].tensor.equal(before[i].tensor)) << before[i].name;
  }
}

}  // namespace
}  // namespace archsweep
