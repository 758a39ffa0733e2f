#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "sweep/network/graph.h"
#include "worker/trainer/fusion.h"

namespace archsweep {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};
using NamedTensors = std::vector<NamedTensor>;

// The tensors that one network owns, in the order of the official state dict. Buffers of batch
// norms are there once for each batch-norm group; group 0 is the one that is exported. Copies share
// the tensors.
struct Model {
  std::vector<StateEntry> entries;
  std::vector<at::Tensor> parameters;            // By entry; undefined where it is a buffer.
  std::vector<std::vector<at::Tensor>> buffers;  // By group, entry; undefined at parameters.
};

// Tensors of a graph in the given floating-point type and the layout of `fusion`: parameters 0,
// running mean 0, running variance 1, counts 0. Parameters require gradients.
Model AllocateModel(const Graph& graph, int groups, const at::TensorOptions& options,
                    Fusion fusion = Fusion::kFolded);

// The entries that are parameters of layers that the output depends on: those that get gradients.
std::vector<size_t> TrainedEntries(const Graph& graph, const Model& model);

// Parameters and the buffers of group 0 under their official names, sharing memory with the model.
NamedTensors OfficialTensors(const Model& model);

// Overwrites `target` by the tensor of that name and shape. kCorrupt names what is missing,
// superfluous or of another shape.
Status CopyInto(const NamedTensors& target, const NamedTensors& source);

}  // namespace archsweep
