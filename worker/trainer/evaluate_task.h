#pragma once

#include <ATen/ATen.h>

#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"
#include "worker/data/dataset.h"
#include "worker/trainer/control.h"
#include "worker/trainer/progress_sink.h"

namespace archsweep {

// Attacks the network of `job.weights` as `job.evaluation` says, writes the flags of single images
// to a file of the attempt's folder and tells `progress` about it but for the final line, which it
// returns. Throws TaskError: configuration (weights unfit, too few test images), storage (flags
// cannot be written), stopped.
EvaluatedLine Evaluate(const Job& job, at::Device device, const Dataset& data,
                       const Control& control, ProgressSink& progress);

}  // namespace archsweep
