#include "cli/agent_thread.h"

#include <utility>

namespace archsweep {

AgentThread::AgentThread(std::unique_ptr<Agent> agent) : agent_(std::move(agent)) {
  thread_ = std::jthread([this](std::stop_token stop) {
    status_ = agent_->Run(std::move(stop));
    ended_ = true;
  });
}

Status AgentThread::Join() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  return status_;
}

}  // namespace archsweep
