#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "sweep/attempt/exchange.h"
#include "worker/agent/adoption.h"
#include "worker/agent/agent.h"
#include "worker/agent/call_schedule.h"
#include "worker/agent/fleet_client.h"
#include "worker/agent/held_attempt.h"
#include "worker/agent/spares.h"
#include "worker/agent/use_sampler.h"
#include "worker/agent/wake_event.h"
#include "worker/agent/work_folder.h"

namespace archsweep {

// The one thread of an agent: waits for whatever happens next to its attempts and its call, and
// carries it from one to the other.
class AgentLoop {
 public:
  // The errors are those of Connect.
  static Result<std::unique_ptr<AgentLoop>> Create(AttemptSurroundings around, WorkFolder work,
                                                   WakeEvent wake);

  // See Agent::Run.
  Status Run(std::stop_token stop);

  // Any thread.
  void Kill();

 private:
  enum class Phase {
    kAdopting,     // What earlier lives left is being told for them.
    kRegistering,  // The coordinator does not know this life yet.
    kServing,
    kRenewing,  // It does not know it any more: attempts are being ended, then a new life begins.
    kStopping,  // Attempts are being ended, then the coordinator is told.
    kDone,
  };

  AgentLoop(AttemptSurroundings around, WorkFolder work, WakeEvent wake);

  Status ConnectTo(const Access& access);
  bool FollowMove();  // Whether the access file names another coordinator, which is called now.
  bool IsRefusal(const Error& error, int64_t now_ms);

  void BeginStop(int64_t now_ms);
  void MindTime(int64_t now_ms);
  int64_t LeaveMs() const;   // When the time limit asks for a stop.
  int64_t EndsInMs() const;  // Until then, for the coordinator; 0: it does not.
  void EndAll(int64_t now_ms);
  void Abandon(int64_t now_ms, Error error);

  void TakeAnswer(int64_t now_ms);
  void On(const Registered& registered, int64_t now_ms);
  void On(const WorkerOrders& orders, int64_t now_ms);
  void OnError(const Error& error, int64_t now_ms);
  void BeginRenewal(int64_t now_ms);
  void DropAnswered();
  void FollowOrders(const WorkerOrders& orders, int64_t now_ms);
  void RemoveUndesired(const WorkerOrders& orders, int64_t now_ms);
  void CleanUpFinished();

  void StepAttempts(int64_t now_ms);
  void BeginWaiting(int64_t now_ms);
  void MovePhase(int64_t now_ms);

  void CallIfDue(int64_t now_ms);
  std::optional<int64_t> NextCallMs() const;
  void SendRegister();
  void SendReport();
  News WhatIsNew() const;
  bool AllEnded() const;

  void Wait(int64_t now_ms);

  const AttemptSurroundings around_;
  WorkFolder work_;
  WakeEvent wake_;
  AttemptSpares spares_;
  SystemClock clock_;
  Access access_;
  std::optional<FleetClient> client_;  // Always there, after Create.
  CallSchedule schedule_;
  std::map<Token, HeldAttempt> held_;
  std::map<Token, HeldAttempt> finished_;  // Answered for; to be cleaned up when there is time.
  UseSampler sampler_;
  Adoption adoption_;
  Phase phase_ = Phase::kAdopting;
  int64_t start_ms_ = 0;
  bool registered_ = false;     // The coordinator has answered for this life.
  int64_t stop_end_ms_ = 0;     // In kStopping: return then, whatever is left.
  std::optional<Error> fatal_;  // What Run returns in the end.
  std::atomic<bool> kill_asked_ = false;

  // Of the call under way.
  std::map<Token, int64_t> sent_numbers_;  // The highest line number of each attempt.
  bool sent_adopted_ = false;              // It was of an earlier life.
  bool sent_hanging_ = false;
  bool sent_leaving_ = false;
  int64_t sent_ms_ = 0;

  int64_t lease_ms_ = 0;
  int64_t last_answered_ms_ = 0;  // When the last answered call was sent; at first, the start.
  std::optional<int64_t> denied_since_ms_;  // While the coordinator refuses the token.
  bool silence_told_ = false;
  bool lost_lease_told_ = false;
};

}  // namespace archsweep
