#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace archsweep {

// What many seeds did and saw together.
struct SeedsOutcome {
  uint64_t last_seed = 0;               // The last that was begun.
  std::vector<std::string> violations;  // Of the last seed; the others have none.
  bool crashed = false;                 // By itself, which says nothing of the scheduler.
  int64_t steps = 0;
  std::map<std::string, int64_t> faults;
  std::map<std::string, int64_t> transitions;
};

// Simulates seed after seed up to the first that breaks a promise. They run in a process of their
// own, so that a seed on which an assertion ends that process is known too.
SeedsOutcome RunSeeds(uint64_t first, uint64_t count);

}  // namespace archsweep
