// PGD-20 over all test images that ship, on the trained small network of the golden data.

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "sweep/network/architecture.h"
#include "tests/worker/trainer/golden.h"
#include "worker/data/dataset.h"
#include "worker/trainer/attack.h"
#include "worker/trainer/augmentation.h"
#include "worker/trainer/noise.h"

namespace archsweep {
namespace {

TEST(PgdCount, IsThatOfTheOfficialCodeButForTheRandomStart) {
  constexpr int64_t kBatch = 113;
  constexpr double kEpsilon = 8.0 / 255;
  const RegisteredDataset registered = DatasetByName("cifar10-quickstart").value();
  const Dataset data = LoadDataset(std::filesystem::path(ARCHSWEEP_SOURCE_DIR) / "examples/data",
                                   {registered.name, registered.digest})
                           .value();
  const DeviceImages test = Upload(data.test, data.format, at::kCPU);
  const Graph graph = BuildGraph({.depth = {1, 1, 1}, .width = {1, 1, 1}}, 32, 10);
  const Model model = AllocateModel(graph, 1, at::kFloat);
  ASSERT_TRUE(CopyInto(OfficialTensors(model), Golden("checkpoints/small_basic").State()));
  const Executor network(graph, model);
  int64_t correct = 0;
  for (int64_t first = 0; first < data.test.Count(); first += kBatch) {
    std::vector<int64_t> indices(kBatch);
    std::iota(indices.begin(), indices.end(), first);
    const at::Tensor images = Images(test.pixels, indices);
    const at::Tensor labels = test.labels.narrow(0, first, kBatch);
    const at::Tensor start =
        images + UniformNoise({0, DrawPurpose::kEvaluationStart, 0}, indices, kEpsilon, images);
    const at::Tensor attacked =
        Attack(FrozenNetwork(network, 0), images, start, MeanCrossEntropyOf{labels},
               {.epsilon = kEpsilon, .step = 0.8 / 255, .steps = 20});
    correct += network.Evaluate(attacked, 0).argmax(1).eq(labels).sum().item<int64_t>();
  }
  EXPECT_NEAR(static_cast<double>(correct), 254, 3);
}

}  // namespace
}  // namespace archsweep
