#include "worker/trainer/training_state.h"

#include <c10/core/GradMode.h>

#include <array>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "worker/trainer/initialisation.h"

namespace archsweep {
namespace {

constexpr int64_t kSums = 4;

// The official code leaves out parameters by name, and so not the last norm, whose name is norm1
// (paper, section 9, T17).
bool IsNormByName(const std::string& name) { return name.find("bn") != std::string::npos; }

void Copy(const Model& from, Model& to) {
  const c10::NoGradGuard no_gradients;
  const NamedTensors targets = OfficialTensors(to);
  const NamedTensors sources = OfficialTensors(from);
  for (size_t i = 0; i < targets.size(); ++i) targets[i].tensor.copy_(sources[i].tensor);
}

BestWeights NoBestYet(const Model& model) {
  BestWeights best = {.tensors = Snapshot(OfficialTensors(model)),
                      .facts = at::zeros({3}, at::kDouble)};
  best.facts[0] = -1;
  return best;
}

void AddPrefixed(const std::string& prefix, const NamedTensors& tensors, NamedTensors& all) {
  for (const NamedTensor& named : tensors) all.push_back({prefix + named.name, named.tensor});
}

}  // namespace

TrainingState NewTraining(const TrialSpec& trial, const ImageFormat& format,
                          const at::TensorOptions& options, Fusion fusion) {
  const TrainingSpec& training = trial.training;
  const at::TensorOptions tensors =
      options.dtype(options.has_dtype() ? at::typeMetaToScalarType(options.dtype()) : at::kFloat);
  TrainingState state;
  state.graph = BuildGraph(trial.architecture, format.size, format.classes);
  state.model =
      AllocateModel(state.graph, training.batch_size / training.batch_norm_group, tensors, fusion);
  Initialise(state.graph, trial.seed, state.model);
  for (const size_t entry : TrainedEntries(state.graph, state.model)) {
    state.parameters.push_back(state.model.parameters[entry]);
    state.velocities.push_back(at::zeros_like(state.parameters.back().detach()));
    state.is_decayed.push_back(training.decay_norms ||
                               !IsNormByName(state.model.entries[entry].name));
  }
  if (training.ema > 0) {
    state.average = AllocateModel(state.graph, 1, tensors, fusion);
    Copy(state.model, *state.average);
  }
  if (HasBest(training)) state.best = NoBestYet(KeptModel(state));
  state.epoch_sums = at::zeros({kSums}, tensors.dtype(at::kDouble));
  state.seconds = at::zeros({2}, at::kDouble);
  state.epochs_done = at::zeros({}, at::kLong);
  state.collapse = at::zeros({2}, at::kDouble);
  return state;
}

void MoveAverage(Model& average, const Model& model, double decay) {
  const c10::NoGradGuard no_gradients;
  std::vector<at::Tensor> averages;
  std::vector<at::Tensor> values;
  const NamedTensors targets = OfficialTensors(average);
  const NamedTensors sources = OfficialTensors(model);
  for (size_t i = 0; i < targets.size(); ++i) {
    if (!targets[i].tensor.is_floating_point()) continue;
    averages.push_back(targets[i].tensor);
    values.push_back(sources[i].tensor);
  }
  at::_foreach_mul_(averages, decay);
  at::_foreach_add_(averages, values, 1 - decay);
}

void AdoptStatistics(Model& average, const Model& model) {
  const c10::NoGradGuard no_gradients;
  for (size_t i = 0; i < model.entries.size(); ++i) {
    if (!model.entries[i].is_parameter) {
      average.buffers.front()[i].copy_(model.buffers.front()[i]);
    }
  }
}

void KeepAsBest(TrainingState& state, double accuracy, int epoch) {
  CHECK(state.best);
  const NamedTensors kept = OfficialTensors(KeptModel(state));
  for (size_t i = 0; i < kept.size(); ++i) state.best->tensors[i].tensor.copy_(kept[i].tensor);
  const std::array<double, 3> facts = {accuracy, static_cast<double>(state.step),
                                       static_cast<double>(epoch)};
  state.best->facts.copy_(at::tensor(at::ArrayRef<double>(facts), at::kDouble));
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
  if (state.average) AddPrefixed("trained.", OfficialTensors(model), tensors);
  if (state.best) {
    AddPrefixed("best.", state.best->tensors, tensors);
    tensors.push_back({"best", state.best->facts});
  }
  tensors.push_back({"epoch.sums", state.epoch_sums});
  tensors.push_back({"epochs.done", state.epochs_done});
  tensors.push_back({"collapse", state.collapse});
  tensors.push_back({"seconds", state.seconds});
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
