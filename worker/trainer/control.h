#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "base/unique_fd.h"

namespace archsweep {

// Blocks SIGTERM, SIGUSR1 and SIGUSR2, so that Control can read them instead. Called before any
// thread is started, for threads inherit it.
void BlockStopSignals();

// What comes from outside while a task runs. A thread of its own waits for it:
// - the line "stop" on the control pipe, or a blocked signal: StopRequested() holds from then on;
// - end of file on the lifeline: the agent is gone, so this process leaves at once.
// Throws TaskError (configuration) if a pipe cannot be opened.
class Control {
 public:
  // Empty paths: there is no such pipe.
  Control(const std::filesystem::path& control_pipe, const std::filesystem::path& lifeline_pipe);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // Any thread.
  bool StopRequested() const { return stop_requested_.load(std::memory_order_relaxed); }

 private:
  void Watch();
  void ReadControl();

  UniqueFd control_, lifeline_, signals_, wake_;
  std::string command_;  // What has come of a line on the control pipe.
  std::atomic<bool> stop_requested_ = false;
  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace archsweep
