#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/safetensors_header.h"
#include "sweep/network/graph.h"

namespace archsweep {

// What keeps tensors, by their names, shapes and types, from being the weights of a network: a
// sentence for each that is missing, of another shape or type, or not known to the network. Empty:
// they fit.
std::vector<std::string> Misfits(const Graph& graph, std::span<const TensorEntry> tensors);

}  // namespace archsweep
