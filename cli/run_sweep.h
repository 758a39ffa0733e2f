#pragma once

#include <filesystem>
#include <functional>

#include "base/result.h"
#include "cli/exit_code.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// What `archsweep run` was told, with absolute paths.
struct RunOptions {
  std::filesystem::path state_folder;
  std::filesystem::path data_root;
  std::filesystem::path trainer_program;
  int cpu_slots = 1;
  int gpu_slots = 0;
  int64_t checkpoint_interval_ms = 10'000;
};

enum class RunEnd {
  kFinished,      // Every task that can run has succeeded.
  kWithFailures,  // The same, but some have failed.
  kInterrupted,   // Stopped by a signal; the same command goes on.
};

// Runs a sweep on this machine from wherever it stands: coordinator and worker in this process,
// trainers in theirs, talking gRPC over loopback under a token of this run. Shows progress on
// stderr. Must be called on the main thread before any other thread was started, for it takes over
// SIGINT, SIGTERM and SIGHUP.
Result<RunEnd> RunSweep(const ExpandedSweep& sweep, const RunOptions& options);

// The same as a whole command: RunSweep, then `print`, unless it was interrupted.
ExitCode RunAndPrint(const ExpandedSweep& sweep, const RunOptions& options,
                     const std::function<Status()>& print);

}  // namespace archsweep
