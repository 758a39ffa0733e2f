#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "sweep/network/graph.h"
#include "worker/trainer/fusion.h"
#include "worker/trainer/model.h"

namespace archsweep {

inline constexpr double kNormMomentum = 0.1;  // Of running statistics (paper, section 1.1).

// What a node owns, without gradients; undefined where it owns nothing.
struct NodeTensors {
  at::Tensor weight, bias, mean, variance;
};

struct ExecutorOptions {
  Fusion fusion = Fusion::kFolded;
  std::optional<at::ScalarType> compute_type = std::nullopt;  // See ComputeTypeOf.
};

// What a pass by batch statistics does besides. The defaults are the outer half of a training step.
struct TrainMode {
  // Whether it moves the running statistics. Where it does not, they are not read either.
  bool tracks_statistics = true;
  double momentum = kNormMomentum;  // Weight of this batch in the running statistics.
  // Whether gradients reach the parameters too, or the images only.
  bool trains_parameters = true;
};

// Runs a layer graph over the tensors of a model, which it shares: what an optimiser writes into
// them holds at once. Single precision or any other type that the tensors have. One thread.
class Executor {
 public:
  // `model` was allocated for `graph`, best with the same fusion: tensors of another layout give
  // the same numbers, up to rounding, more slowly.
  Executor(const Graph& graph, const Model& model, const ExecutorOptions& options = {});

  // Logits [images, classes] by running statistics of `group`. Gradients reach the images only, and
  // nothing of the model changes. Layers that the output does not depend on are left out.
  at::Tensor Evaluate(const at::Tensor& images, int group) const;

  // Logits by the statistics of this batch. Moves the running statistics of `group`, also those of
  // norms that the output does not depend on, as the official code does (paper, section 9, T3).
  at::Tensor Train(const at::Tensor& images, int group, const TrainMode& mode = {}) const;

  // For FrozenNetwork.
  const Graph& LayerGraph() const { return graph_; }
  const ExecutorOptions& Options() const { return options_; }
  at::TensorOptions ValueOptions() const { return value_options_; }
  NodeTensors FrozenTensors(NodeId node, int group) const;

 private:
  struct NormBuffers {
    at::Tensor mean;
    at::Tensor variance;
    at::Tensor batches;
  };
  // The tensors of a node. Frozen ones share the memory but ask for no gradient.
  struct Layer {
    at::Tensor weight, bias, frozen_weight, frozen_bias;
    std::vector<NormBuffers> groups;
    bool live = false;
    bool overwrites_input = false;   // A ReLU that alone reads what it can overwrite.
    bool is_rectified = false;       // By such a ReLU.
    std::vector<NodeId> dies_after;  // Values that nothing needs behind this node.
    // The slices that the value is cut into, in the order of channels, where nothing else uses it.
    // Cut at once, for then their gradients are joined once instead of padded and added.
    std::vector<NodeId> slices;
    std::vector<int64_t> slice_channels;
  };
  // One pass over the layers; without `training` in evaluation mode.
  struct Pass {
    int group = 0;
    std::optional<TrainMode> training;
    bool TrainsParameters() const { return training && training->trains_parameters; }
    bool TracksStatistics() const { return training && training->tracks_statistics; }
  };

  at::Tensor Run(const at::Tensor& images, const Pass& pass) const;
  at::Tensor RunLayer(size_t index, const std::vector<at::Tensor>& values, const Pass& pass) const;
  // Whether the norm runs in one pass with the ReLU that rectifies it, if there is one. The same
  // for the value that enters and the one that leaves.
  bool NormalizesAtOnce(const Layer& layer, const at::Tensor& x, const Pass& pass) const;
  at::Tensor Operate(const Node& node, const Layer& layer, std::vector<at::Tensor> inputs,
                     const Pass& pass) const;
  at::Tensor Normalize(const Layer& layer, const at::Tensor& x, const Pass& pass) const;
  void Bind(const Model& model);
  void PlanMemory();
  void PlanSlices();

  const Graph graph_;
  std::vector<Layer> layers_;
  at::TensorOptions value_options_;
  ExecutorOptions options_;
};

}  // namespace archsweep
