#include "coordinator/mailbox.h"

#include <chrono>
#include <utility>

namespace archsweep {

bool Mailbox::Post(Message& message) {
  {
    const std::lock_guard lock(mutex_);
    if (messages_.size() >= kMailboxMessagesMax) return false;
    messages_.push_back(std::move(message));
  }
  arrived_.notify_one();
  return true;
}

void Mailbox::Interrupt() {
  {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
  }
  arrived_.notify_one();
}

void Mailbox::WaitForInterruption(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return interrupted_; });
  interrupted_ = false;
}

std::vector<Message> Mailbox::TakeAll(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                    [this] { return interrupted_ || !messages_.empty(); });
  interrupted_ = false;
  return std::exchange(messages_, {});
}

}  // namespace archsweep
