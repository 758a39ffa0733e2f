#include "worker/agent/call_schedule.h"

#include <algorithm>

namespace archsweep {

void CallSchedule::OnAnswered(int64_t now_ms, int64_t next_call_ms, bool hung) {
  retry_ms_ = kRetryFirstMs;
  regular_ms_ = now_ms + next_call_ms;
  not_before_ms_ = now_ms;
  // Against a coordinator that never lets a call hang.
  idle_not_before_ms_ = hung ? sent_ms_ + kIdlePauseMs : now_ms;
}

void CallSchedule::OnFailed(int64_t now_ms) {
  not_before_ms_ = now_ms + retry_ms_;
  retry_ms_ = std::min(2 * retry_ms_, kRetryMaxMs);
}

int64_t CallSchedule::NextCallMs(const News& news, bool idle) const {
  if (news.final) return not_before_ms_;
  if (idle) return std::max(idle_not_before_ms_, not_before_ms_);
  int64_t next_ms = regular_ms_;
  if (news.oldest_line_ms) next_ms = std::min(next_ms, *news.oldest_line_ms + kGatherMs);
  return std::max(next_ms, not_before_ms_);
}

}  // namespace archsweep
