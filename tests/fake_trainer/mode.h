#pragma once

#include <cstdint>
#include <string>

namespace archsweep {

// What a fake trainer does instead of training.
enum class FakeMode {
  kFinish,      // Ends at once, well.
  kSteps,       // `amount` steps of 20 ms, then ends well; keeps a checkpoint when asked to stop.
  kCrash,       // Aborts.
  kExit,        // Leaves with exit code `amount` after some output.
  kHang,        // Writes nothing and waits until it is asked to stop.
  kStubborn,    // Heeds neither stop, nor SIGTERM, nor the lifeline.
  kFlood,       // Writes 10,000 times `amount` step lines and lines of output, then ends well.
  kGarbage,     // `amount` lines that are no progress lines, then ends well.
  kLongLine,    // One line that is too long, then ends well.
  kGrandchild,  // Ends well, but leaves a process behind that ignores SIGTERM.
  kLinger,      // Writes its final line and is stubborn then.
  kFail,        // A failure record of class configuration, and the exit code for it.
  kNoFlags,     // An evaluation whose flags file is missing.
  kBadFlags,    // An evaluation whose flags file is too short.
  kRankDies,    // Rank 1 is killed by signal `amount`, while rank 0 waits.
  kRankFails,   // Rank 1 leaves a failure record of class out_of_memory and ends.
  kBurn,        // Each rank fills `amount` MiB and uses 200 ms of a processor before its start is
                // told; then waits until it is asked to stop.
};

struct FakeBehaviour {
  FakeMode mode = FakeMode::kFinish;
  int amount = 0;
};

// The number of the mode times this, plus the amount: a seed that asks for it.
inline constexpr uint64_t kFakeModeFactor = 1'000;
constexpr uint64_t FakeSeed(FakeMode mode, int amount = 0) {
  return static_cast<uint64_t>(mode) * kFakeModeFactor + static_cast<uint64_t>(amount);
}

// From "steps:50", the value of ARCHSWEEP_FAKE_MODE, or from the trial's seed where it is empty.
FakeBehaviour BehaviourOf(const std::string& text, uint64_t seed);

}  // namespace archsweep
