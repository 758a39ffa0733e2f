#pragma once

#include <sys/types.h>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace archsweep {

// The environment variable that every process of an attempt inherits: the folder of the attempt.
inline constexpr std::string_view kAttemptVariable = "ARCHSWEEP_ATTEMPT";

// The numbers of all processes of this machine, or of this container.
std::vector<pid_t> AllProcesses();

// A descriptor (pidfd) of the process, readable when it has ended; not valid if there is none.
UniqueFd OpenProcess(pid_t process);

// False if it is gone.
bool SendSignal(const UniqueFd& process, int signal);

// The other processes of the session that process `leader` leads, ended ones that nobody has waited
// for included. Asked while `leader` itself has not been waited for, for until then no other
// session can have its number.
std::vector<pid_t> SessionMembers(pid_t leader);

// The line /proc/PID/stat (man 5 proc); nothing if there is no such process.
std::optional<std::string> StatOf(pid_t process);

// What follows the name of the process in that line: its state and more, apart by blanks. The name
// may hold anything.
std::optional<std::string_view> AfterName(std::string_view stat);

// Whether the process has ended and only waits to be waited for, or is gone.
bool HasEnded(pid_t process);

// The processes whose kAttemptVariable names a folder directly below `attempts`; none that has
// ended.
std::vector<pid_t> ProcessesOf(const std::filesystem::path& attempts);

// Sends SIGKILL to all of them and waits until none is left. kBusy, naming the processes, if that
// takes longer than `wait_ms`. Returns how many there were.
Result<size_t> EndProcessesOf(const std::filesystem::path& attempts, int64_t wait_ms);

}  // namespace archsweep
