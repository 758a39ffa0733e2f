#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "sweep/network/fused_layers.h"
#include "sweep/network/graph.h"
#include "worker/trainer/executor.h"

namespace archsweep {

// Gradients of the values of one pass, by node, summed over those who read the value.
class ValueGradients {
 public:
  explicit ValueGradients(size_t nodes) : sums_(nodes) {}

  // Gives `gradient` away: it is overwritten later unless something else holds it.
  void Add(NodeId value, at::Tensor gradient);
  at::Tensor Take(NodeId value) { return std::move(sums_[static_cast<size_t>(value)]); }

 private:
  std::vector<at::Tensor> sums_;
};

// One layer in evaluation mode whose tensors do not change. Gradients go back to its inputs only.
// Any number of threads.
class FrozenLayer {
 public:
  // What a layer keeps of its way forward for its way back.
  using Kept = std::vector<at::Tensor>;

  FrozenLayer(const Graph& graph, const FusedLayer& fused);
  FrozenLayer(const FrozenLayer&) = delete;
  FrozenLayer& operator=(const FrozenLayer&) = delete;
  virtual ~FrozenLayer() = default;

  // Values that it reads, and the one that it gives.
  const std::vector<NodeId>& Inputs() const { return inputs_; }
  NodeId Output() const { return output_; }

  // The value for those of Inputs(), which may be overwritten where nothing else holds them.
  // `kept` is null where there will be no way back.
  virtual at::Tensor Forward(std::vector<at::Tensor> inputs, Kept* kept) const = 0;

  // Adds the gradients of the inputs, given that of the value.
  virtual void Backward(at::Tensor gradient, const Kept& kept, ValueGradients& sums) const = 0;

 private:
  std::vector<NodeId> inputs_;
  NodeId output_;
};

// `own` and `norm` are the tensors of fused.first and of fused.norm; `options` those of values.
// `images` is how many will run at once, mostly: layouts are chosen for it.
std::unique_ptr<FrozenLayer> Freeze(const Graph& graph, const FusedLayer& fused,
                                    const NodeTensors& own, const NodeTensors& norm, int64_t images,
                                    const at::TensorOptions& options);

}  // namespace archsweep
