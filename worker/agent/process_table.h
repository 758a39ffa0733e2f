#pragma once

#include <sys/types.h>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace archsweep {

// The environment variable that every process of an attempt inherits: the folder of the attempt.
inline constexpr std::string_view kAttemptVariable = "ARCHSWEEP_ATTEMPT";

// The other processes of the session that process `leader` leads, ended ones that nobody has waited
// for included. Asked while `leader` itself has not been waited for, for until then no other
// session can have its number.
std::vector<pid_t> SessionMembers(pid_t leader);

// Whether the process has ended and only waits to be waited for, or is gone.
bool HasEnded(pid_t process);

// Sends SIGKILL to every process whose kAttemptVariable names a folder directly below `attempts`,
// and waits until none is left. kBusy, naming the processes, if that takes longer than `wait_ms`.
// Returns how many there were.
Result<size_t> EndProcessesOf(const std::filesystem::path& attempts, int64_t wait_ms);

}  // namespace archsweep
