#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/result.h"
#include "sweep/attempt/failure.h"

namespace archsweep {

// Why one rank of a gang could not go on, as that rank says it in a file of the attempt's folder:
// rank 0 alone has a progress pipe, and what fails first is often another one. A rank that only
// noticed that another one is gone says nothing.
struct RankFailure {
  int rank = 0;
  int64_t time_ms = 0;  // On the monotonic clock of the host.
  Failure failure;
  friend bool operator==(const RankFailure&, const RankFailure&) = default;
};

// Not synced: the agent reads it on the same host, or nobody does.
Status WriteRankFailure(const std::filesystem::path& attempt_folder, const RankFailure& failure);

// The earliest of what the ranks said; nothing if none said anything. A file that was not written
// to its end does not count.
std::optional<RankFailure> FirstRankFailure(const std::filesystem::path& attempt_folder, int ranks);

}  // namespace archsweep
