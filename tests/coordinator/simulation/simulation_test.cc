#include "tests/coordinator/simulation/simulation.h"

#include <gtest/gtest.h>

#include "base/text.h"

// bin/archsweep-simulation SEED replays one seed; with a count it runs as many from there.

namespace archsweep {
namespace {

constexpr uint64_t kSeeds = 1'000;
constexpr int kStepsMin = 500;  // Of a seed, on average.
constexpr int kFaultsMin = 20;

void Add(const std::map<std::string, int>& counts, std::map<std::string, int64_t>& sums) {
  for (const auto& [kind, count] : counts) sums[kind] += count;
}

TEST(Simulation, KeepsEveryPromiseUnderFaultsAndFinishesOnceTheyStop) {
  std::map<std::string, int64_t> faults;
  std::map<std::string, int64_t> transitions;
  int64_t steps = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const SimulationResult result = Simulate(seed);
    ASSERT_TRUE(result.violations.empty())
        << "seed " << seed << ": " << result.violations.size()
        << " violations, the first: " << result.violations.front();
    Add(result.faults, faults);
    Add(result.transitions, transitions);
    steps += result.steps;
  }
  int64_t all_faults = 0;
  for (const std::string& kind : FaultKinds()) {
    EXPECT_GT(faults[kind], 0) << "never happened: " << kind;
    all_faults += faults[kind];
    RecordProperty(kind, std::to_string(faults[kind]));
  }
  for (const std::string& kind : TransitionKinds()) {
    EXPECT_GT(transitions[kind], 0) << "never happened: " << kind;
  }
  EXPECT_GE(steps, kStepsMin * static_cast<int64_t>(kSeeds));
  EXPECT_GE(all_faults, kFaultsMin * static_cast<int64_t>(kSeeds));
  std::printf("%lld steps and %lld faults a seed\n",
              static_cast<long long>(steps / static_cast<int64_t>(kSeeds)),
              static_cast<long long>(all_faults / static_cast<int64_t>(kSeeds)));
}

}  // namespace
}  // namespace archsweep
