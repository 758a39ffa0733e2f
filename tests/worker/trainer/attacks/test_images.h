#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <numeric>
#include <vector>

#include "worker/data/dataset.h"
#include "worker/trainer/attacks/autoattack_state.h"
#include "worker/trainer/attacks/batch_attack.h"
#include "worker/trainer/augmentation.h"

namespace archsweep {

// The first so many test images that ship.
inline AttackedBatch TestImages(int64_t count) {
  const RegisteredDataset registered = DatasetByName("cifar10-quickstart").value();
  const Dataset data = LoadDataset(std::filesystem::path(ARCHSWEEP_SOURCE_DIR) / "examples/data",
                                   {registered.name, registered.digest})
                           .value();
  const DeviceImages test = Upload(data.test, data.format, at::kCPU);
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return {.images = Images(test.pixels, indices).contiguous(),
          .labels = test.labels.narrow(0, 0, count).clone()};
}

// By image, whether it is right after the stage.
inline at::Tensor StandingAfter(const AutoAttackState& state, int stage) {
  at::Tensor standing = at::empty({state.Images()}, at::kBool);
  for (int64_t i = 0; i < state.Images(); ++i) {
    const int64_t broken_by = state.broken_by[static_cast<size_t>(i)];
    standing[i] = broken_by == AutoAttackState::kStanding || broken_by > stage;
  }
  return standing;
}

}  // namespace archsweep
