#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "coordinator/reply.h"
#include "coordinator/scheduler/event.h"
#include "sweep/attempt/exchange.h"

namespace archsweep {

struct RegisterCall {
  WorkerDescription description;
  RegisterReply reply;
};
struct SynchronizeCall {
  int64_t call = 0;  // Names the call for CallCancelled.
  WorkerReport report;
  SynchronizeReply reply;
};
struct CallCancelled {
  int64_t call = 0;
};

// `sweep` is expanded from its file here, so that its ids are right.
struct SubmitCall {
  std::shared_ptr<const ExpandedSweep> sweep;
  bool dry_run = false;  // Says what it would change and changes nothing.
  SubmitReply reply;
};
// What people ask for beside; names that are not known are answered with kNotFound.
using ControlRequest = std::variant<SweepPaused, SweepResumed, SweepCancelled, TasksRetried,
                                    WorkerDrainAsked, HostReleaseAsked>;
struct ControlCall {
  ControlRequest request;
  ControlReply reply;
};
struct WhyCall {
  TrialId trial;
  WhyReply reply;
};

using Message =
    std::variant<RegisterCall, SynchronizeCall, CallCancelled, SubmitCall, ControlCall, WhyCall>;

inline constexpr size_t kMailboxMessagesMax = 4096;

// What waits for the engine. Any thread posts, the engine thread takes.
class Mailbox {
 public:
  // Puts `message` in, or leaves it as it is and returns false if the mailbox is full.
  bool Post(Message& message);

  // Ends the wait of TakeAll that is under way, or else the next one.
  void Interrupt();

  // Waits for an interruption for `timeout_ms` at most; messages stay.
  void WaitForInterruption(int64_t timeout_ms);

  // All that waits, after waiting for something or an interruption for `timeout_ms` at most.
  std::vector<Message> TakeAll(int64_t timeout_ms);

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Message> messages_;
  bool interrupted_ = false;
};

}  // namespace archsweep
