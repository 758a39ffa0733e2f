#pragma once

#include <cstdint>

#include "sweep/network/graph.h"
#include "worker/trainer/model.h"

namespace archsweep {

// The official initial weights (paper, section 1.1), drawn from `seed` by torch's generator on the
// processor whatever the device: convolutions normal with deviation sqrt(2 / (kernel^2 * output
// channels)), also where they are grouped; norms 1 and 0; linear layers uniform within
// 1 / sqrt(inputs), their biases 0.
void Initialise(const Graph& graph, uint64_t seed, Model& model);

}  // namespace archsweep
