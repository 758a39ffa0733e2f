#include "coordinator/scheduler/hosts.h"

#include <algorithm>

#include "base/text.h"
#include "coordinator/scheduler/policy.h"

namespace archsweep {

bool Hosts::NoteFailure(const std::string& host, const TrialId& trial, const std::string& message) {
  Streak& streak = streaks_[host];
  ++streak.failures;
  if (streak.trials.size() < kHostTrialsMin) streak.trials.insert(trial);
  streak.newest = message;
  return streak.failures >= kHostFailuresMax && streak.trials.size() >= kHostTrialsMin &&
         !IsQuarantined(host);
}

std::string Hosts::EvidenceOf(const std::string& host) const {
  const auto found = streaks_.find(host);
  if (found == streaks_.end()) return "";
  return Format("{} attempts in a row failed there, of at least {} trials; the last: {}",
                found->second.failures, found->second.trials.size(), found->second.newest);
}

void Hosts::Quarantine(const std::string& host, int64_t end_ms, const std::string& evidence) {
  quarantined_[host] = {end_ms, evidence};
  streaks_.erase(host);
}

bool Hosts::Release(const std::string& host) { return quarantined_.erase(host) == 1; }

std::vector<std::string> Hosts::Over(int64_t now_ms) const {
  std::vector<std::string> over;
  for (const auto& [host, ban] : quarantined_) {
    if (ban.end_ms <= now_ms) over.push_back(host);
  }
  return over;
}

std::optional<int64_t> Hosts::NextEndMs() const {
  std::optional<int64_t> next;
  for (const auto& [host, ban] : quarantined_) {
    next = next ? std::min(*next, ban.end_ms) : ban.end_ms;
  }
  return next;
}

}  // namespace archsweep
