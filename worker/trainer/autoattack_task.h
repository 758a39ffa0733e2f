#pragma once

#include <ATen/ATen.h>

#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"
#include "worker/trainer/collective.h"
#include "worker/trainer/control.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/progress_sink.h"

namespace archsweep {

// Whether the attack is a chain of AutoAttack, or one of its parts.
bool IsAutoAttack(AttackKind kind);

// Runs such an evaluation over images in [0, 1] and their labels, both on the device of the
// network. From time to time, and when it is asked to stop, it keeps how far it is as a checkpoint
// of the job, from which another attempt goes on with the same draws and verdicts. Leaves flags and
// the artifact in the attempt's folder. The ranks of `collective` share the batches; rank 0 alone
// heeds `control` and writes. Throws TaskError: configuration, storage, stopped, lost.
EvaluatedLine EvaluateByAutoAttack(const Job& job, const Executor& network,
                                   const at::Tensor& images, const at::Tensor& labels, int classes,
                                   const Control& control, ProgressSink& progress,
                                   Collective& collective);

}  // namespace archsweep
