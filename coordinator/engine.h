#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "coordinator/mailbox.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/snapshot.h"
#include "storage/store.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// Runs one sweep. Its thread alone touches scheduler and store: it takes what waits in the mailbox,
// steps the scheduler, commits all changes in one transaction and then answers, so that nothing is
// told that is not on disk. While the disk is full it waits, answers no one and begins nothing; if
// a commit fails otherwise it tells no one anything more and publishes the error.
class Engine {
 public:
  // Records the sweep in the store, recovers what an earlier run left and starts the thread.
  // `clock` outlives the engine.
  static Result<std::unique_ptr<Engine>> Start(Store store, const ExpandedSweep& sweep,
                                               const Clock& clock);

  // Ends the thread; calls that wait are told that the coordinator is not available.
  ~Engine();

  // Any thread. False if too much waits; the message is left as it was.
  bool Post(Message& message) { return mailbox_.Post(message); }

  // Any thread: live attempts are to keep a checkpoint and end, nothing new begins.
  void RequestStop();

  // Any thread: how the sweep stood after the newest step.
  std::shared_ptr<const Snapshot> Latest() const { return latest_.load(); }

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

  Engine(Store store, const ExpandedSweep& sweep, const StoredSweep& stored,
         const InitialState& initial, const Clock& clock);

  void Loop();
  int64_t WaitMs() const;
  void Handle(RegisterCall& message);
  void Handle(SynchronizeCall& message);
  void Handle(CallCancelled& message);
  void Apply(const Event& event);
  Status CommitChanges();
  bool WaitForSpace(const Error& full, int64_t wait_ms);
  void AnswerAll();
  void AnswerHeldCalls();
  WorkerOrders OrdersFor(const WorkerId& worker) const;
  void NoteWeights(const TrialId& trial, const std::optional<CheckpointRef>& last,
                   const std::optional<CheckpointRef>& best);
  void Publish();

  Store store_;
  const Clock& clock_;
  std::map<TrialId, TrialSpec> trials_;
  std::map<EvaluationId, EvaluationSpec> evaluations_;
  std::map<WeightsId, CheckpointRef> weights_;
  Scheduler scheduler_;
  Mailbox mailbox_;

  // Of the iteration under way.
  int64_t now_ms_ = 0;
  std::vector<Change> changes_;
  std::vector<WorkerId> wake_;
  std::vector<RegisterReply> registers_;
  std::vector<PendingSynchronize> synchronizes_;

  std::map<WorkerId, HeldCall> held_;
  std::optional<Error> pause_;
  std::optional<Error> fatal_;

  std::atomic<bool> stop_asked_ = false;  // By RequestStop, from any thread.
  std::atomic<bool> quit_asked_ = false;  // By the destructor.
  std::atomic<std::shared_ptr<const Snapshot>> latest_;
  std::jthread thread_;
};

}  // namespace archsweep
