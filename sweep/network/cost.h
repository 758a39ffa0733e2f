#pragma once

#include <cstdint>

#include "sweep/network/architecture.h"

namespace archsweep {

// Size and work of a network in the paper's convention (torchprofile 0.0.4; reference on the paper,
// section 3.1).
struct Cost {
  // All that the graph owns, dead nodes included; buffers are not parameters.
  int64_t parameters = 0;
  // For one image, after dead nodes are removed: convolutions and linear layers without bias, and
  // one per output element of norms with weights, average pools and products.
  int64_t macs = 0;
  // For one image: the values that the backward pass of one forward pass needs, as the trainer
  // keeps them. Outputs of layers, but for slices, which share memory, and for norms that the ReLU
  // behind them overwrites.
  int64_t activations = 0;
  friend bool operator==(const Cost&, const Cost&) = default;
};

Cost CostOf(const Graph& graph);

// The cost of networks that differ in depth alone, for grids of very many. It takes four small
// graphs, for the blocks of a stage are alike but for the first.
class CostByDepth {
 public:
  // A network of stages, whose depth does not matter; see BuildGraph for the rest.
  CostByDepth(const ArchitectureSpec& spec, int image_size, int classes);

  // Equal to CostOf the graph of that depth.
  Cost At(const PerStage<int>& depth) const;

 private:
  Cost shallow_;  // One block in each stage.
  PerStage<Cost> per_block_;
};

// Parameters that one node owns.
int64_t ParametersOf(const Graph& graph, const Node& node);

// Multiply-accumulates of one node, dead or not.
int64_t MacsOf(const Graph& graph, const Node& node);

}  // namespace archsweep
