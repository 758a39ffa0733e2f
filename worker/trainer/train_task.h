#pragma once

#include <ATen/ATen.h>

#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"
#include "worker/data/dataset.h"
#include "worker/trainer/collective.h"
#include "worker/trainer/control.h"
#include "worker/trainer/progress_sink.h"

namespace archsweep {

// Trains the network of `job.trial`, from `job.resume` on if that is set, and tells `progress`
// about it but for the final line, which it returns. The same job, resumed from any of its
// checkpoints, ends with the same bits of weights on the same program, device and threads.
//
// The ranks of `collective` share every batch and agree on everything they do; rank 0 alone heeds
// `control` and writes checkpoints.
//
// Throws TaskError: configuration (data set too small, checkpoint unfit), storage (a checkpoint
// cannot be written), stopped (after keeping a checkpoint at the next step), lost (another rank).
TrainedLine Train(const Job& job, at::Device device, const Dataset& data, const Control& control,
                  ProgressSink& progress, Collective& collective);

}  // namespace archsweep
