#include "worker/trainer/training_state.h"

#include "base/text.h"
#include "worker/trainer/initialisation.h"

namespace archsweep {
namespace {

constexpr int64_t kSums = 4;

}  // namespace

TrainingState NewTraining(const TrialSpec& trial, const ImageFormat& format, at::Device device,
                          Fusion fusion) {
  const TrainingSpec& training = trial.training;
  TrainingState state;
  state.graph = BuildGraph(trial.architecture, format.size, format.classes);
  state.model = AllocateModel(state.graph, training.batch_size / training.batch_norm_group,
                              at::TensorOptions(device).dtype(at::kFloat), fusion);
  Initialise(state.graph, trial.seed, state.model);
  for (const size_t entry : TrainedEntries(state.graph, state.model)) {
    state.parameters.push_back(state.model.parameters[entry]);
    state.velocities.push_back(at::zeros_like(state.parameters.back().detach()));
  }
  state.epoch_sums = at::zeros({kSums}, at::TensorOptions(device).dtype(at::kDouble));
  state.epoch_seconds = at::zeros({}, at::kDouble);
  return state;
}

NamedTensors ResumeTensors(const TrainingState& state) {
  NamedTensors tensors;
  const Model& model = state.model;
  const std::vector<size_t> trained = TrainedEntries(state.graph, model);
  for (size_t i = 0; i < trained.size(); ++i) {
    tensors.push_back({"momentum." + model.entries[trained[i]].name, state.velocities[i]});
  }
  for (size_t group = 1; group < model.buffers.size(); ++group) {
    for (size_t i = 0; i < model.entries.size(); ++i) {
      if (model.entries[i].is_parameter) continue;
      tensors.push_back(
          {Format("norm_group.{}.{}", group, model.entries[i].name), model.buffers[group][i]});
    }
  }
  tensors.push_back({"epoch.sums", state.epoch_sums});
  tensors.push_back({"epoch.seconds", state.epoch_seconds});
  return tensors;
}

NamedTensors Snapshot(const NamedTensors& tensors) {
  NamedTensors copies;
  for (const NamedTensor& named : tensors) {
    copies.push_back({named.name, named.tensor.detach().cpu().clone(at::MemoryFormat::Contiguous)});
  }
  return copies;
}

}  // namespace archsweep
