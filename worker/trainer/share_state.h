#pragma once

#include "worker/trainer/collective.h"
#include "worker/trainer/model.h"
#include "worker/trainer/training_state.h"

namespace archsweep {

// What the ranks of a gang have to know of each other's state beside the sums of gradients. Each
// call is one of all ranks, and does nothing where there is only one.

// Makes everything that is on the device what it is on rank 0. What is on the processor, all ranks
// have from the same trial or checkpoint.
void ShareStart(const TrainingState& state, Collective& collective);

// Gives every rank the running statistics of all batch-norm groups: each rank moves only those of
// its own, and rank 0 keeps the checkpoint of all.
void ShareStatistics(const Model& model, Collective& collective);

}  // namespace archsweep
