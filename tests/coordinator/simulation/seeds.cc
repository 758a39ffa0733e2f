#include "tests/coordinator/simulation/seeds.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "tests/coordinator/simulation/simulation.h"

namespace archsweep {
namespace {

constexpr size_t kKindsMax = 32;
constexpr size_t kTextBytes = 1024;

// What the process of the seeds tells, in memory that outlives it.
struct Told {
  std::atomic<uint64_t> seed;
  std::atomic<int64_t> steps;
  std::array<std::atomic<int64_t>, kKindsMax> faults;
  std::array<std::atomic<int64_t>, kKindsMax> transitions;
  std::array<char, kTextBytes> violations;  // One a line, as many as fit.
};

void Add(const std::vector<std::string>& kinds, const std::map<std::string, int>& counts,
         std::array<std::atomic<int64_t>, kKindsMax>& sums) {
  CHECK(kinds.size() <= kKindsMax);
  for (size_t i = 0; i < kinds.size(); ++i) {
    if (const auto found = counts.find(kinds[i]); found != counts.end()) sums[i] += found->second;
  }
}

int Work(uint64_t first, uint64_t count, Told& told) {
  for (uint64_t seed = first; seed < first + count; ++seed) {
    told.seed = seed;
    const SimulationResult result = Simulate(seed);
    told.steps += result.steps;
    Add(FaultKinds(), result.faults, told.faults);
    Add(TransitionKinds(), result.transitions, told.transitions);
    if (result.violations.empty()) continue;
    std::string text;
    for (const std::string& violation : result.violations) text += violation + "\n";
    text.resize(std::min(text.size(), kTextBytes - 1));
    std::memcpy(told.violations.data(), text.c_str(), text.size() + 1);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

SeedsOutcome OutcomeOf(const Told& told, int status) {
  SeedsOutcome outcome{.last_seed = told.seed, .violations = {}, .steps = told.steps};
  for (size_t i = 0; i < FaultKinds().size(); ++i) {
    outcome.faults[FaultKinds()[i]] = told.faults[i];
  }
  for (size_t i = 0; i < TransitionKinds().size(); ++i) {
    outcome.transitions[TransitionKinds()[i]] = told.transitions[i];
  }
  const std::string text = told.violations.data();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    outcome.violations.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (WIFEXITED(status)) return outcome;
  outcome.crashed = WTERMSIG(status) != SIGABRT;
  outcome.violations.push_back(Format("signal {} ended it", WTERMSIG(status)));
  return outcome;
}

}  // namespace

SeedsOutcome RunSeeds(uint64_t first, uint64_t count) {
  void* const memory =
      mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  auto* const told = new (memory) Told{};
  const pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) _exit(Work(first, count, *told));
  int status = 0;
  CHECK(waitpid(process, &status, 0) == process);
  SeedsOutcome outcome = OutcomeOf(*told, status);
  munmap(memory, sizeof(Told));
  return outcome;
}

}  // namespace archsweep
