#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "coordinator/journal.h"
#include "coordinator/mailbox.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/snapshot.h"

namespace archsweep {

// All that an engine does, without its thread and its clock: takes messages, steps the scheduler,
// commits all changes of a round in one transaction and only then answers, so that nothing is told
// that is not durable. One thread owns it. Times are as for Scheduler.
class EngineCore {
 public:
  // Goes on with what the journal has. With `only`, that sweep is submitted, and it alone is run:
  // others stay as they are, and its failed tasks are tried again.
  static Result<std::unique_ptr<EngineCore>> Open(std::unique_ptr<Journal> journal, int64_t now_ms,
                                                  std::shared_ptr<const ExpandedSweep> only);

  // One round is: any number of these two, then EndRound.
  void Take(Message& message, int64_t now_ms);
  void RequestStop(int64_t now_ms);
  // Commits, calls `committed`, and answers. While the disk is full it waits by `wait_for_space`
  // (see CommitWhenThereIsSpace). After an error nobody is told anything more, and the core must
  // go.
  struct RoundHooks {
    std::function<void()> committed = [] {};
    std::function<bool(const Error& full, int64_t ms)> wait_for_space = [](const Error&, int64_t) {
      return false;
    };
  };
  Status EndRound(int64_t now_ms) { return EndRound(now_ms, RoundHooks()); }
  Status EndRound(int64_t now_ms, const RoundHooks& hooks);

  // How long nothing is due.
  int64_t WaitMs(int64_t now_ms) const;

  Snapshot Describe(int64_t now_ms);
  const Scheduler& State() const { return *scheduler_; }

 private:
  struct HeldCall {
    int64_t call = 0;
    SynchronizeReply reply;
    int64_t end_ms = 0;
  };
  struct PendingSynchronize {
    SynchronizeCall call;
    bool known = true;
  };

  explicit EngineCore(std::unique_ptr<Journal> journal) : journal_(std::move(journal)) {}

  void Handle(RegisterCall& message);
  void Handle(SynchronizeCall& message);
  void Handle(CallCancelled& message);
  void Handle(SubmitCall& message);
  void Handle(ControlCall& message);
  void Handle(WhyCall& message);
  Status CheckRequest(const ControlRequest& request) const;
  void Apply(const Event& event);
  Status CommitChanges(const RoundHooks& hooks);
  void AnswerPeople();
  Status AnswerWorkers();
  Status Answer(PendingSynchronize& pending);
  Status AnswerHeldCalls();
  Result<WorkerOrders> OrdersFor(const WorkerId& worker,
                                 const std::vector<ObservedAttempt>& observed);
  Result<AttemptOrder> ReadOrder(const LiveSlot& slot);
  void DescribeLive(Snapshot& snapshot) const;

  std::unique_ptr<Journal> journal_;
  std::optional<Scheduler> scheduler_;
  std::map<WorkerId, HeldCall> held_;

  // Of the round under way.
  int64_t now_ms_ = 0;
  std::vector<Change> changes_;
  std::set<WorkerId> wake_;
  std::vector<RegisterReply> registers_;
  std::vector<PendingSynchronize> synchronizes_;
  std::vector<std::pair<SubmitReply, Result<SubmitAnswer>>> submits_;
  std::vector<std::pair<ControlReply, Result<ControlAnswer>>> controls_;
  std::vector<std::pair<WhyReply, Result<WhyAnswer>>> whys_;

  // Of the last Describe.
  int64_t live_described_ms_ = 0;
  std::vector<LiveTask> live_;
  std::vector<WorkerStatus> workers_;
};

}  // namespace archsweep
