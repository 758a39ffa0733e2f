#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "sweep/network/graph.h"
#include "sweep/trial/trial.h"
#include "worker/trainer/model.h"

namespace archsweep {

// All that changes while a network is trained. Copies share the tensors.
struct TrainingState {
  Graph graph;
  Model model;
  std::vector<at::Tensor> parameters;  // Those of the model that get gradients.
  std::vector<at::Tensor> velocities;  // One for each of them.
  // Over the steps of this epoch: natural loss, robust loss, images right, adversarial images
  // right.
  at::Tensor epoch_sums;
  at::Tensor epoch_seconds;  // A double on the processor.
  int64_t step = 0;          // Steps done.
};

// Before the first step: initial weights drawn from the trial's seed, in the layout of `fusion`.
TrainingState NewTraining(const TrialSpec& trial, const ImageFormat& format, at::Device device,
                          Fusion fusion = Fusion::kFolded);

// What training goes on from besides the official tensors: velocities, the running statistics of
// the further batch-norm groups, sums of the epoch. Shares memory with the state.
NamedTensors ResumeTensors(const TrainingState& state);

// A copy on the processor that training does not change any more.
NamedTensors Snapshot(const NamedTensors& tensors);

}  // namespace archsweep
