#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "base/result.h"
#include "worker/agent/agent.h"

namespace archsweep {

// A worker on a thread of its own. Used by one thread.
class AgentThread {
 public:
  explicit AgentThread(std::unique_ptr<Agent> agent);

  void RequestStop() { thread_.request_stop(); }
  void Kill() { agent_->Kill(); }
  bool Ended() const { return ended_; }

  // Asks it to stop and waits for the thread; its result.
  Status Join();

 private:
  std::unique_ptr<Agent> agent_;
  Status status_;
  std::atomic<bool> ended_ = false;
  std::jthread thread_;
};

}  // namespace archsweep
