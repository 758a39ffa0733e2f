#include "tests/coordinator/simulation/simulation.h"

#include <gtest/gtest.h>

#include "tests/coordinator/simulation/seeds.h"

// bin/archsweep-simulation SEED replays one seed; with a count it runs as many from there.

namespace archsweep {
namespace {

constexpr uint64_t kSeeds = 1'000;
constexpr int kStepsMin = 500;  // Of a seed, on average.
constexpr int kFaultsMin = 20;

TEST(Simulation, KeepsEveryPromiseUnderFaultsAndFinishesOnceTheyStop) {
  const SeedsOutcome outcome = RunSeeds(1, kSeeds);
  ASSERT_TRUE(outcome.violations.empty())
      << "seed " << outcome.last_seed << ": " << outcome.violations.size()
      << " violations, the first: " << outcome.violations.front();
  int64_t all_faults = 0;
  for (const auto& [kind, count] : outcome.faults) {
    EXPECT_GT(count, 0) << "never happened: " << kind;
    all_faults += count;
    RecordProperty(kind, std::to_string(count));
  }
  for (const auto& [kind, count] : outcome.transitions) {
    EXPECT_GT(count, 0) << "never happened: " << kind;
    RecordProperty(kind, std::to_string(count));
  }
  EXPECT_GE(outcome.steps, kStepsMin * static_cast<int64_t>(kSeeds));
  EXPECT_GE(all_faults, kFaultsMin * static_cast<int64_t>(kSeeds));
  std::printf("%lld steps and %lld faults a seed\n",
              static_cast<long long>(outcome.steps / static_cast<int64_t>(kSeeds)),
              static_cast<long long>(all_faults / static_cast<int64_t>(kSeeds)));
}

TEST(Simulation, GoesTheSameWayUnderTheSameSeed) {
  for (const uint64_t seed : {uint64_t{7}, uint64_t{71}}) {
    const SimulationResult first = Simulate(seed);
    const SimulationResult again = Simulate(seed);
    EXPECT_EQ(first.faults, again.faults);
    EXPECT_EQ(first.transitions, again.transitions);
    EXPECT_EQ(first.steps, again.steps);
    EXPECT_EQ(first.results, again.results);
  }
}

}  // namespace
}  // namespace archsweep
