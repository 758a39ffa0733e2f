#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "proto/access/access.h"
#include "worker/agent/nvml.h"

namespace archsweep {

class AgentLoop;

inline constexpr int64_t kShutdownMs = 4'500;
inline constexpr int64_t kSampleMs = 10'000;

struct AgentOptions {
  Access access;                          // Of the coordinator.
  std::filesystem::path access_file;      // Read again where the coordinator is away; empty: none.
  std::filesystem::path work_folder;      // Of this agent alone, on a local disk; made if missing.
  std::filesystem::path shared_folder;    // Checkpoints are below it, in checkpoints/TRIAL/TOKEN/.
  std::filesystem::path data_root;        // Where data sets are.
  std::filesystem::path trainer_program;  // archsweep-trainer.
  int cpu_slots = 1;
  int gpu_slots = 0;
  int64_t checkpoint_interval_ms = 10'000;  // How often a training keeps a checkpoint.
  // From the request to stop until Run returns: trainers keep a checkpoint, are ended if they do
  // not leave, and the coordinator is told.
  int64_t stop_ms = kShutdownMs;
  int64_t give_up_ms = 0;     // Silence of the coordinator after which the agent stops; 0: never.
  int64_t time_limit_ms = 0;  // After which it has stopped by itself; 0: never.
  int64_t sample_ms = kSampleMs;  // How often it is measured what a running attempt uses.
  std::string nvml_library = kNvmlLibrary;
};

// Runs attempts on this host: one process session for each, started, watched, stopped and reported
// as the coordinator desires. While the coordinator is away the attempts go on.
class Agent {
 public:
  // Locks the work folder, ends what an earlier life of an agent left running there, and makes this
  // process the one that inherits orphans of its attempts. kBusy if another agent holds the folder.
  static Result<std::unique_ptr<Agent>> Open(AgentOptions options);

  // No process of an attempt may be left running then: Run has returned, or was never called.
  ~Agent();

  // Serves until `stop` is requested, then stops all attempts, reports how they ended and returns,
  // at most `stop_ms` later. Called once, on a thread of its own. Ends early only where calling
  // again cannot help: kDenied if the coordinator refuses the token, kInvalidInput if it does not
  // understand the agent, kIo if the work folder cannot be written; kUnavailable if it has
  // given up, after checkpoints were kept. No process is left behind in any case.
  Status Run(std::stop_token stop);

  // Any thread, after a request to stop: do not wait for checkpoints, end all attempts at once.
  void Kill();

 private:
  explicit Agent(std::unique_ptr<AgentLoop> loop);

  std::unique_ptr<AgentLoop> loop_;
};

}  // namespace archsweep
