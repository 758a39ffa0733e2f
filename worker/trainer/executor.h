#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "sweep/network/graph.h"
#include "worker/trainer/model.h"

namespace archsweep {

inline constexpr double kNormEpsilon = 1e-5;  // Of all norms (paper, section 1.1).
inline constexpr double kNormMomentum = 0.1;  // Of running statistics (paper, section 1.1).

// Runs a layer graph over the tensors of a model, which it shares: what an optimiser writes into
// them holds at once. Single precision or any other type that the tensors have. One thread.
class Executor {
 public:
  // `model` was allocated for `graph`.
  Executor(const Graph& graph, const Model& model);

  // Logits [images, classes] by running statistics of `group`. Gradients reach the images only, and
  // nothing of the model changes. Layers that the output does not depend on are left out.
  at::Tensor Evaluate(const at::Tensor& images, int group) const;

  // Logits by the statistics of this batch, with gradients to images and parameters. Moves the
  // running statistics of `group`, also those of norms that the output does not depend on, as the
  // official code does (paper, section 9, T3).
  at::Tensor Train(const at::Tensor& images, int group) const;

 private:
  struct NormBuffers {
    at::Tensor mean;
    at::Tensor variance;
    at::Tensor batches;
  };
  // A node with its tensors. Frozen ones share the memory but ask for no gradient.
  struct Layer {
    Node node;
    at::Tensor weight, bias, frozen_weight, frozen_bias;
    std::vector<NormBuffers> groups;
    bool live = false;
    bool overwrites_input = false;
    std::vector<NodeId> dies_after;  // Values that nothing needs behind this node.
    // The slices that the value is cut into, in the order of channels, where nothing else uses it.
    // Cut at once, for then their gradients are joined once instead of padded and added.
    std::vector<NodeId> slices;
    std::vector<int64_t> slice_channels;
  };
  enum class Mode { kEvaluation, kTraining };

  at::Tensor Run(const at::Tensor& images, int group, Mode mode) const;
  at::Tensor RunLayer(const Layer& layer, std::vector<at::Tensor>& values, int group,
                      Mode mode) const;
  at::Tensor Normalize(const Layer& layer, const at::Tensor& x, int group, Mode mode) const;
  void Bind(const Graph& graph, const Model& model);
  void PlanMemory(const Graph& graph);
  void PlanSlices(const Graph& graph);

  std::vector<Layer> layers_;
  NodeId output_;
};

}  // namespace archsweep
