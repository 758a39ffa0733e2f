#pragma once

#include <ATen/ATen.h>

#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"
#include "worker/data/dataset.h"
#include "worker/trainer/collective.h"
#include "worker/trainer/control.h"
#include "worker/trainer/progress_sink.h"

namespace archsweep {

// Attacks the network of `job.weights` as `job.evaluation` says, writes the flags of single images
// to a file of the attempt's folder and tells `progress` about it but for the final line, which it
// returns. The ranks of `collective` take whole batches in turn; rank 0 alone heeds `control` and
// writes. Throws TaskError: configuration (weights unfit, too few test images), storage (flags
// cannot be written), stopped, lost (another rank).
EvaluatedLine Evaluate(const Job& job, at::Device device, const Dataset& data,
                       const Control& control, ProgressSink& progress, Collective& collective);

}  // namespace archsweep
