#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "sweep/network/graph.h"
#include "sweep/trial/trial.h"
#include "worker/trainer/model.h"

namespace archsweep {

// The weights that did best so far where the recipe selects, on the processor.
struct BestWeights {
  NamedTensors tensors;  // Official names.
  at::Tensor facts;      // Doubles: accuracy (-1: none yet), step, epoch counted from 1.
};

// All that changes while a network is trained. Copies share the tensors.
struct TrainingState {
  Graph graph;
  Model model;
  std::vector<at::Tensor> parameters;  // Those of the model that get gradients.
  std::vector<at::Tensor> velocities;  // One for each of them.
  std::vector<bool> is_decayed;        // Whether weight decay applies to it.
  // The averaged weights, where the recipe has them: with one batch-norm group.
  std::optional<Model> average;
  // Over the steps of this epoch: fitting loss, robust loss, images right, adversarial images
  // right.
  at::Tensor epoch_sums;
  // Doubles on the processor: what the steps of this epoch took, and the whole training until now,
  // in all attempts.
  at::Tensor seconds;
  at::Tensor epochs_done;  // An integer on the processor: epochs that have been reported.
  // Doubles on the processor: the best accuracy of an epoch so far, and how many of the newest
  // epochs were at chance.
  at::Tensor collapse;
  std::optional<BestWeights> best;
  int64_t step = 0;  // Steps done.
};

// Before the first step: initial weights drawn from the trial's seed, in the layout of `fusion`, on
// the device and in the type of `options` (single precision where it says none).
TrainingState NewTraining(const TrialSpec& trial, const ImageFormat& format,
                          const at::TensorOptions& options, Fusion fusion = Fusion::kFolded);

// The network that is kept, evaluated and exported: the averaged one where there is one.
inline const Model& KeptModel(const TrainingState& state) {
  return state.average ? *state.average : state.model;
}

// average = decay * average + (1 - decay) * model, for parameters and running statistics; counts
// are left alone (paper, section 9, T20).
void MoveAverage(Model& average, const Model& model, double decay);

// At the end of an epoch the averaged weights get the running statistics of group 0.
void AdoptStatistics(Model& average, const Model& model);

// Makes the kept network of now the best one. Only where the recipe selects (asserted).
void KeepAsBest(TrainingState& state, double accuracy, int epoch);

// What training goes on from besides the tensors of the kept network: velocities, the running
// statistics of the further batch-norm groups, sums of the epoch, and the trained network itself
// where the averaged one is kept. Shares memory with the state.
NamedTensors ResumeTensors(const TrainingState& state);

// A copy on the processor that training does not change any more.
NamedTensors Snapshot(const NamedTensors& tensors);

}  // namespace archsweep
