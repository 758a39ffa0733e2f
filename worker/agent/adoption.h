#pragma once

#include <map>
#include <optional>
#include <vector>

#include "sweep/attempt/exchange.h"
#include "worker/agent/spool.h"

namespace archsweep {

inline constexpr int64_t kReportBytesMax = 16 << 20;  // Of the lines in one report, but the last.

// What earlier lives of the agent did not get told, as the reports in which it is told for them,
// life by life: the last of each takes its leave, so that the coordinator ends its leases at once.
class Adoption {
 public:
  explicit Adoption(std::vector<SpooledAttempt> attempts);

  // The report that comes next; nothing if all is told.
  std::optional<WorkerReport> Next() const;

  // That report was answered.
  void Answered();
  // The coordinator will not hear of that life.
  void Refused();

 private:
  std::map<WorkerId, std::vector<ObservedAttempt>> lives_;  // What is left to be told.
};

}  // namespace archsweep
