// Runs simulations by their seeds: archsweep-simulation FIRST [COUNT]. Stops at the first seed that
// breaks a promise, prints it with what it broke, and ends with 1.

#include <cstdio>
#include <cstdlib>

#include "tests/coordinator/simulation/simulation.h"

int main(int argc, char** argv) {
  const uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  constexpr uint64_t kReportEvery = 1'000;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    // Told first, for an assertion of the scheduler ends the program.
    if (count == 1 || seed % kReportEvery == 0) {
      std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(seed));
    }
    const archsweep::SimulationResult result = archsweep::Simulate(seed);
    for (const std::string& violation : result.violations) {
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), violation.c_str());
    }
    if (!result.violations.empty()) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
