#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"

namespace archsweep {

inline constexpr int64_t kFullDiskRetryMs = 2'000;          // Between two tries.
inline constexpr int64_t kFullDiskPatienceMs = 86'400'000;  // Of all tries together: a day.

// Runs `commit`, and again every kFullDiskRetryMs for as long as the disk is full: so that nothing
// of it is lost and nobody is answered meanwhile. `wait` is told of the full disk before each wait
// and waits so many milliseconds; false: give up. Gives up by itself after kFullDiskPatienceMs.
// Every other error is returned at once.
Status CommitWhenThereIsSpace(const std::function<Status()>& commit,
                              const std::function<bool(const Error& full, int64_t ms)>& wait);

}  // namespace archsweep
