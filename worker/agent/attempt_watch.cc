#include "worker/agent/attempt_watch.h"

#include <algorithm>
#include <limits>

namespace archsweep {

AttemptWatch::AttemptWatch(int64_t now_ms) : deadline_ms_(now_ms + kStartupTimeoutMs) {}

void AttemptWatch::Enter(Phase phase, int64_t deadline_ms) {
  phase_ = phase;
  deadline_ms_ = deadline_ms;
}

void AttemptWatch::OnLine(int64_t now_ms, bool final) {
  if (phase_ != Phase::kStarting && phase_ != Phase::kRunning) return;
  if (final) return Enter(Phase::kFinishing, now_ms + kLingerTimeoutMs);
  Enter(Phase::kRunning, now_ms + kStallTimeoutMs);
}

void AttemptWatch::AskStop(int64_t now_ms, StopGrace grace) {
  grace_ = grace;
  switch (phase_) {
    case Phase::kStarting:
    case Phase::kRunning:
    case Phase::kFinishing:
      return Enter(Phase::kAsking, now_ms);
    case Phase::kAsked:
      return Enter(phase_, std::min(deadline_ms_, now_ms + grace.ask_ms));
    case Phase::kTermed:
      return Enter(phase_, std::min(deadline_ms_, now_ms + grace.term_ms));
    case Phase::kAsking:
    case Phase::kKilled:
    case Phase::kGivenUp:
      return;
  }
}

void AttemptWatch::OnKilled(int64_t now_ms) {
  if (phase_ == Phase::kKilled || phase_ == Phase::kGivenUp) return;
  Enter(Phase::kKilled, now_ms + kGoneTimeoutMs);
}

WatchAction AttemptWatch::Due(int64_t now_ms) {
  if (now_ms < deadline_ms_) return WatchAction::kNone;
  switch (phase_) {
    case Phase::kStarting:
    case Phase::kRunning:
      OnKilled(now_ms);
      return WatchAction::kStall;
    case Phase::kAsking:
      Enter(Phase::kAsked, now_ms + grace_->ask_ms);
      return WatchAction::kAsk;
    case Phase::kAsked:
      Enter(Phase::kTermed, now_ms + grace_->term_ms);
      return WatchAction::kTerm;
    case Phase::kFinishing:
    case Phase::kTermed:
      OnKilled(now_ms);
      return WatchAction::kKill;
    case Phase::kKilled:
      Enter(Phase::kGivenUp, std::numeric_limits<int64_t>::max());
      return WatchAction::kGiveUp;
    case Phase::kGivenUp:
      return WatchAction::kNone;
  }
  return WatchAction::kNone;
}

}  // namespace archsweep
