#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/id.h"

namespace archsweep {

// Which hosts fail again and again, and which are left alone for it.
class Hosts {
 public:
  // An attempt for `trial` failed on the host by what may be its fault. True: so many in a row, of
  // so many trials, that it should be left alone.
  bool NoteFailure(const std::string& host, const TrialId& trial, const std::string& message);
  // What was done there came out well: the row of failures is broken.
  void NoteSuccess(const std::string& host) { streaks_.erase(host); }
  // What made NoteFailure true.
  std::string EvidenceOf(const std::string& host) const;

  void Quarantine(const std::string& host, int64_t end_ms, const std::string& evidence);
  // False: it was not in quarantine.
  bool Release(const std::string& host);
  bool IsQuarantined(const std::string& host) const { return quarantined_.contains(host); }
  // Why, and until when; of a host in quarantine.
  const std::string& ReasonOf(const std::string& host) const {
    return quarantined_.at(host).evidence;
  }
  int64_t EndMsOf(const std::string& host) const { return quarantined_.at(host).end_ms; }

  // Hosts whose time is over.
  std::vector<std::string> Over(int64_t now_ms) const;
  std::optional<int64_t> NextEndMs() const;

 private:
  struct Streak {
    int failures = 0;
    std::set<TrialId> trials;
    std::string newest;  // The message of the last failure.
  };
  struct Ban {
    int64_t end_ms = 0;
    std::string evidence;
  };
  std::map<std::string, Streak> streaks_;
  std::map<std::string, Ban> quarantined_;
};

}  // namespace archsweep
