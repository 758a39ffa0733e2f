#pragma once

#include <ATen/ATen.h>

#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"

namespace archsweep {

// Before anything is computed: CPU set, threads, deterministic algorithms, no TF32. Once a process.
// Throws TaskError (configuration) for a device or CPU set that is not there. Returns the device.
at::Device SetUpRuntime(const Job& job);

// What makes the numbers of this process.
StartedLine DescribeRuntime(const Job& job, int64_t resumed_step);

}  // namespace archsweep
