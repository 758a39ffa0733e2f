#pragma once

#include <cstdint>

#include "sweep/network/graph.h"
#include "worker/trainer/model.h"

namespace archsweep {

// The official initial weights, as FirstWeights says, drawn from `seed` by torch's generator on the
// processor whatever the device.
void Initialise(const Graph& graph, uint64_t seed, Model& model);

}  // namespace archsweep
