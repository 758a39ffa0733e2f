#pragma once

#include <ATen/ATen.h>

#include "sweep/network/architecture.h"
#include "tests/worker/trainer/golden.h"
#include "worker/trainer/attacks/batch_attack.h"
#include "worker/trainer/executor.h"

namespace archsweep {

inline constexpr double kGoldenEpsilon = 8.0 / 255;

// The trained small network of the golden data.
class SmallNetwork {
 public:
  explicit SmallNetwork(Fusion fusion)
      : graph_(BuildGraph({.depth = {1, 1, 1}, .width = {1, 1, 1}}, 32, 10)),
        model_(AllocateModel(graph_, 1, at::kFloat, fusion)),
        executor_(graph_, model_, {.fusion = fusion}) {
    CHECK(CopyInto(OfficialTensors(model_), Golden("checkpoints/small_basic").State()));
  }

  const Executor& Get() const { return executor_; }
  const Model& Weights() const { return model_; }

 private:
  const Graph graph_;
  const Model model_;
  const Executor executor_;
};

// The 32 images of the golden attacks, of which the network gets 26 right.
inline AttackedBatch GoldenBatch() {
  const Golden inputs("attacks/inputs");
  return {.images = inputs.Images("images.uint8"), .labels = inputs["labels"]};
}

inline void RunToEnd(BatchAttack& attack) {
  while (!attack.Done()) attack.Advance();
}

}  // namespace archsweep
