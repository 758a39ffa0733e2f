#pragma once

#include <filesystem>
#include <string>

#include "worker/trainer/seat.h"

namespace archsweep {

inline constexpr int64_t kRendezvousMs = 120'000;

// What rank 0 gave, for all ranks of a gang that see the same folder. The file is named after this
// start of the gang, so that nobody reads that of an earlier one. Throws TaskError: storage where
// rank 0 cannot write it, lost where it does not come within `wait_ms`.
std::string ShareByFile(const Seat& seat, const std::filesystem::path& folder,
                        const std::string& name, const std::string& mine,
                        int64_t wait_ms = kRendezvousMs);

}  // namespace archsweep
