#include <gtest/gtest.h>

#include <string>

#include "sweep/language/load.h"
#include "sweep/language/presets.h"
#include "worker/trainer/model.h"

namespace archsweep {
namespace {

// What the plan counts is what the trainer allocates. On the device without memory, for the largest
// networks have hundreds of millions of parameters.
TEST(Presets, HaveTheParametersThatTheExecutedNetworksHave) {
  for (const Preset& preset : Presets()) {
    const auto sweep = LoadSweep(std::string(preset.name));
    ASSERT_TRUE(sweep) << sweep.error().message;
    for (const SweepTrial& trial : sweep->trials) {
      const ImageFormat format = DatasetByName(trial.spec.dataset.name).value().format;
      const Graph graph = BuildGraph(trial.spec.architecture, format.size, format.classes);
      const Model model =
          AllocateModel(graph, 1, at::TensorOptions().dtype(at::kFloat).device(at::kMeta));
      int64_t parameters = 0;
      for (const at::Tensor& parameter : model.parameters) {
        if (parameter.defined()) parameters += parameter.numel();
      }
      ASSERT_EQ(parameters, trial.parameters) << preset.name << " " << ToHex(trial.id);
    }
  }
}

}  // namespace
}  // namespace archsweep
