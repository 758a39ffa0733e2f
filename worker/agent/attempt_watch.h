#pragma once

#include <cstdint>
#include <optional>

namespace archsweep {

inline constexpr int64_t kStartupTimeoutMs = 120'000;  // From the start to the first line.
inline constexpr int64_t kStallTimeoutMs = 600'000;    // From one line to the next.
inline constexpr int64_t kLingerTimeoutMs = 10'000;    // From the final line to the end.
inline constexpr int64_t kGoneTimeoutMs = 30'000;      // From SIGKILL until no process is left.

// How long a trainer that is asked to stop may take before the next rung of the ladder.
struct StopGrace {
  int64_t ask_ms = 3'000;   // From "stop" on the control pipe to SIGTERM.
  int64_t term_ms = 3'000;  // From SIGTERM to SIGKILL of the whole session.
};

// What is to be done to a running attempt.
enum class WatchAction {
  kNone,
  kAsk,     // Write "stop" on the control pipe.
  kTerm,    // SIGTERM to the trainer.
  kKill,    // SIGKILL to every process of the session; it was asked to stop, or lingered.
  kStall,   // Likewise, for it gave no sign of life in time.
  kGiveUp,  // Processes remain long after SIGKILL: do not wait for them any more.
};

// The watchdogs and the stop ladder of one attempt, as a pure state machine. Times never fall.
class AttemptWatch {
 public:
  explicit AttemptWatch(int64_t now_ms);

  // A progress line came; `final` if none may follow.
  void OnLine(int64_t now_ms, bool final);

  // Begins the ladder; again with a shorter grace: hurries it. The first rung is the next action.
  void AskStop(int64_t now_ms, StopGrace grace);

  // SIGKILL was or is being sent, whatever went before.
  void OnKilled(int64_t now_ms);

  // What is due at `now_ms`. Each action is returned once; the caller does it at once.
  WatchAction Due(int64_t now_ms);

  // When Due has to be called at the latest.
  int64_t DeadlineMs() const { return deadline_ms_; }

  bool StopAsked() const { return grace_.has_value(); }

 private:
  enum class Phase { kStarting, kRunning, kFinishing, kAsking, kAsked, kTermed, kKilled, kGivenUp };

  void Enter(Phase phase, int64_t deadline_ms);

  Phase phase_ = Phase::kStarting;
  int64_t deadline_ms_ = 0;
  std::optional<StopGrace> grace_;
};

}  // namespace archsweep
