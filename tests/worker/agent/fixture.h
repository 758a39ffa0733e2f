#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/clock.h"
#include "sweep/trial/trial.h"
#include "tests/base/temporary_folder.h"
#include "tests/fake_trainer/mode.h"

namespace archsweep {

inline const std::filesystem::path kFakeTrainer = ARCHSWEEP_PROGRAM_DIR "/archsweep-fake-trainer";

inline const std::string kFakeNvml = ARCHSWEEP_PROGRAM_DIR "/libarchsweep-fake-nvml.so";

inline int64_t NowMs() { return SystemClock().MonotonicMs(); }

inline constexpr int64_t kPatienceMs = 15'000;

// Asks until `holds` or patience ends, in which case the test fails.
inline bool WaitUntil(const std::function<bool()>& holds, int64_t patience_ms = kPatienceMs) {
  const int64_t end_ms = NowMs() + patience_ms;
  constexpr int kAskEveryMs = 2;
  while (!holds()) {
    if (NowMs() > end_ms) {
      ADD_FAILURE() << "waited in vain for " << patience_ms << " ms";
      return false;
    }
    poll(nullptr, 0, kAskEveryMs);
  }
  return true;
}

// A trial that makes the fake trainer behave so.
inline TrialSpec FakeTrial(FakeMode mode, int amount = 0) {
  return {.dataset = {"cifar10", ""},
          .architecture = {.depth = {1, 1, 1}, .width = {1, 1, 1}},
          .training = {},
          .numerics = {},
          .seed = FakeSeed(mode, amount)};
}

}  // namespace archsweep
