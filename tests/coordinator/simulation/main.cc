// Runs simulations by their seeds: archsweep-simulation FIRST [COUNT]. Stops at the first seed that
// breaks a promise, prints it with what it broke, and ends with 1; with 2 where the simulation
// itself crashed.

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/coordinator/simulation/seeds.h"

int main(int argc, char** argv) {
  const uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  constexpr uint64_t kReportEvery = 1'000;
  for (uint64_t seed = first; seed < first + count; seed += kReportEvery) {
    const archsweep::SeedsOutcome outcome =
        archsweep::RunSeeds(seed, std::min(kReportEvery, first + count - seed));
    for (const std::string& violation : outcome.violations) {
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(outcome.last_seed),
                  violation.c_str());
    }
    if (outcome.crashed) return 2;
    if (!outcome.violations.empty()) return EXIT_FAILURE;
    std::fprintf(stderr, "all is well up to seed %llu\n",
                 static_cast<unsigned long long>(outcome.last_seed));
  }
  return EXIT_SUCCESS;
}
