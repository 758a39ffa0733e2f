#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "coordinator/engine_core.h"
#include "coordinator/mailbox.h"
#include "coordinator/snapshot.h"
#include "storage/store.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// The thread that alone touches scheduler and store: it takes what waits in the mailbox and gives
// it to an EngineCore, round by round. While the disk is full it waits, answers no one and begins
// nothing; if a commit fails otherwise it tells no one anything more and publishes the error.
class Engine {
 public:
  // Goes on with all sweeps of the store and starts the thread. `clock` outlives the engine.
  static Result<std::unique_ptr<Engine>> Start(Store store, const Clock& clock);
  // Likewise with one sweep, which is submitted first; others in the store stay as they are.
  static Result<std::unique_ptr<Engine>> StartOnly(Store store, const ExpandedSweep& sweep,
                                                   const Clock& clock);

  // Ends the thread; calls that wait are told that the coordinator is not available.
  ~Engine();

  // Any thread. False if too much waits; the message is left as it was.
  bool Post(Message& message) { return mailbox_.Post(message); }

  // Any thread: live attempts are to keep a checkpoint and end, nothing new begins.
  void RequestStop();

  // Any thread: how all stood after the newest round.
  std::shared_ptr<const Snapshot> Latest() const { return latest_.load(); }

 private:
  Engine(std::unique_ptr<EngineCore> core, const Clock& clock);
  static Result<std::unique_ptr<Engine>> Begin(Store store, const Clock& clock,
                                               std::shared_ptr<const ExpandedSweep> only);

  void Loop();
  void Publish();
  bool WaitForSpace(const Error& full, int64_t wait_ms);

  const Clock& clock_;
  std::unique_ptr<EngineCore> core_;
  Mailbox mailbox_;
  std::optional<Error> pause_;
  std::optional<Error> fatal_;
  std::atomic<bool> stop_asked_ = false;  // By RequestStop, from any thread.
  std::atomic<bool> quit_asked_ = false;  // By the destructor.
  std::atomic<std::shared_ptr<const Snapshot>> latest_;
  std::jthread thread_;
};

}  // namespace archsweep
