#pragma once

#include <ATen/ATen.h>

#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"
#include "worker/trainer/seat.h"

namespace archsweep {

// Before anything is computed: CPU set, threads, deterministic algorithms, no TF32. Once a process.
// Throws TaskError (configuration) for a device or CPU set that is not there. Returns the device,
// of which each rank has its own.
at::Device SetUpRuntime(const Job& job, const Seat& seat);

// What makes the numbers of this process.
StartedLine DescribeRuntime(const Job& job, int64_t resumed_step);

}  // namespace archsweep
