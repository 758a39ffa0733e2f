#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace archsweep {

// What one seed did and saw.
struct SimulationResult {
  std::vector<std::string> violations;  // Of what must always hold; empty where all is well.
  std::map<std::string, int> faults;    // By kind, with how often.
  std::map<std::string, int> transitions;
  int steps = 0;
  int results = 0;
};

// A coordinator, its database, its workers and the network between them under one seed: first with
// faults of every kind, then without, until all is done. The coordinator is an EngineCore as the
// program runs it; the rest is modelled.
SimulationResult Simulate(uint64_t seed);

// The kinds of faults that there are; each must happen to some seed.
const std::vector<std::string>& FaultKinds();
// Likewise the changes of a task's state.
const std::vector<std::string>& TransitionKinds();

}  // namespace archsweep
