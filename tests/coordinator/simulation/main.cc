// Runs simulations by their seeds: archsweep-simulation FIRST [COUNT]. Stops at the first seed that
// breaks a promise, prints it with what it broke, and ends with 1; with 2 where the simulation
// itself crashed; with 64 where an argument is no number.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/text.h"
#include "tests/coordinator/simulation/seeds.h"

int main(int argc, char** argv) {
  const std::optional<int64_t> first_given = argc > 1 ? archsweep::ParseInteger(argv[1]) : 1;
  const std::optional<int64_t> count_given = argc > 2 ? archsweep::ParseInteger(argv[2]) : 1;
  if (first_given.value_or(-1) < 0 || count_given.value_or(0) < 1 || argc > 3) {
    std::fputs("usage: archsweep-simulation FIRST [COUNT]\n", stderr);
    return 64;
  }
  const auto first = static_cast<uint64_t>(*first_given);
  const auto count = static_cast<uint64_t>(*count_given);
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
