#pragma once

#include <memory>
#include <string>

#include "worker/trainer/collective.h"

namespace archsweep {

inline constexpr int kNcclJoinMs = 120'000;  // For all ranks to find each other.
inline constexpr int kNcclCallMs = 60'000;   // For a call to be accepted; not for its data to move.
inline constexpr int kNcclWatchMs = 100;     // Between looks for a failed connection.
inline constexpr unsigned kNcclAbortSeconds =
    5;  // For the library to let go before the process ends.

// Ranks on one GPU each that meet by NCCL. Sums run on a stream of their own beside what the caller
// computes. A thread watches the connections: when one fails, it tells `on_lost` and ends the
// process. The id of the gang goes by `launcher` where there is one, else by a file in `folder`.
std::unique_ptr<Collective> OpenNccl(const Seat& seat, at::Device device,
                                     std::unique_ptr<Collective> launcher,
                                     const std::filesystem::path& folder, OnLost on_lost);

// Of the library that was loaded.
std::string NcclVersion();

}  // namespace archsweep
