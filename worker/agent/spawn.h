#pragma once

#include <sys/types.h>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "worker/agent/placement.h"

namespace archsweep {

// What is started for an attempt.
struct LaunchPlan {
  std::vector<std::string> arguments;    // The first one is the path of the program.
  std::vector<std::string> environment;  // "NAME=VALUE".
  std::vector<int> blocked_signals{};
  friend bool operator==(const LaunchPlan&, const LaunchPlan&) = default;
};

// `inherited` is the agent's own environment; the GPUs of the placement and the marker of the
// attempt (kAttemptVariable) replace what it says of them. Several ranks are started by `mpirun`,
// which does not see the signals that its ranks take as a request to stop: a batch system sends
// them to all processes, and mpirun would end its ranks before they have kept a checkpoint.
LaunchPlan PlanLaunch(const std::filesystem::path& trainer_program,
                      const std::filesystem::path& mpirun,
                      const std::filesystem::path& attempt_folder, const Placement& placement,
                      std::span<const std::string> inherited);

// The environment of this process.
std::vector<std::string> OwnEnvironment();

struct SpawnedProcess {
  pid_t pid = -1;
  UniqueFd fd;  // pidfd: readable when the process has ended.
};

// Starts the program as the leader of a new session, with nothing of this process but its working
// folder: stdin is /dev/null, stdout and stderr are appended to `log`, every other descriptor is
// closed, no signal is ignored, and none blocked but those of the plan. kNotFound or kDenied if the
// program cannot be run, kIo if the system refuses.
Result<SpawnedProcess> Spawn(const LaunchPlan& plan, const std::filesystem::path& log);

}  // namespace archsweep
