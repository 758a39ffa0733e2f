#include "tests/coordinator/simulation/simulation.h"

#include "tests/coordinator/simulation/world.h"

namespace archsweep {
namespace {

constexpr int kFaultySteps = 800;
constexpr int kCalmStepsMax = 3'000;

}  // namespace

SimulationResult Simulate(uint64_t seed) {
  World world(seed);
  for (int step = 0; step < kFaultySteps; ++step) world.FaultyStep();
  world.BeginCalm();
  for (int step = 0; step < kCalmStepsMax && !world.Done(); ++step) world.CalmStep();
  return world.Finish();
}

const std::vector<std::string>& FaultKinds() {
  static const std::vector<std::string> kKinds = {"clock drift",
                                                  "commit fails before",
                                                  "commit fails after",
                                                  "restart between step and commit",
                                                  "restart",
                                                  "cut to the coordinator",
                                                  "cut from the coordinator",
                                                  "request lost",
                                                  "answer lost",
                                                  "request doubled",
                                                  "answer doubled",
                                                  "delay",
                                                  "reorder",
                                                  "worker dies",
                                                  "worker dies and is proven dead",
                                                  "worker of limited time",
                                                  "worker hangs",
                                                  "zombie comes back",
                                                  "drain",
                                                  "spool of the dead is found",
                                                  "end of another's attempt",
                                                  "long pause"};
  return kKinds;
}

const std::vector<std::string>& TransitionKinds() {
  static const std::vector<std::string> kKinds = {
      "queued>assigned",    "backoff>assigned",  "assigned>running", "assigned>queued",
      "assigned>cancelled", "running>succeeded", "running>queued",   "running>backoff",
      "running>failed",     "running>cancelled", "queued>cancelled", "backoff>cancelled",
      "failed>queued",      "cancelled>queued",  "report refused",   "use measured"};
  return kKinds;
}

}  // namespace archsweep
