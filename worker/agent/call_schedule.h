#pragma once

#include <cstdint>
#include <optional>

namespace archsweep {

inline constexpr int64_t kGatherMs = 20;       // A line waits so long for ones that follow it.
inline constexpr int64_t kRetryFirstMs = 200;  // After a failed call; doubles with each.
inline constexpr int64_t kRetryMaxMs = 2'000;
inline constexpr int64_t kIdlePauseMs = 50;  // Between calls of an idle worker that did not hang.

// What waits to be told. Steps are not urgent and go with the regular calls.
struct News {
  bool final = false;                     // The end of an attempt, which frees its slot.
  std::optional<int64_t> oldest_line_ms;  // When the oldest other line came that is no step.
};

// Decides when the agent calls the coordinator, as a pure state machine.
class CallSchedule {
 public:
  void OnSent(int64_t now_ms) { sent_ms_ = now_ms; }

  // The call was answered, with a time for the next one; `hung`: it was an idle worker's call.
  void OnAnswered(int64_t now_ms, int64_t next_call_ms, bool hung);

  void OnFailed(int64_t now_ms);

  // When the next call is due. An idle worker calls at once: its call hangs until there is work.
  int64_t NextCallMs(const News& news, bool idle) const;

 private:
  int64_t sent_ms_ = 0;
  int64_t not_before_ms_ = 0;
  int64_t idle_not_before_ms_ = 0;
  int64_t regular_ms_ = 0;
  int64_t retry_ms_ = kRetryFirstMs;
};

}  // namespace archsweep
