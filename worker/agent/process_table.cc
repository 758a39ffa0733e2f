#include "worker/agent/process_table.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

// The header of glibc 2.36 does not say so itself.
extern "C" {
#include <sys/pidfd.h>
}

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kStatBytesMax = 4096;
constexpr size_t kEnvironmentBytesMax = size_t{4} << 20;

// Whether the environment that the process was started with has the marker of an attempt of
// `attempts`. False for a process that has ended and for one of another user.
bool BelongsTo(const fs::path& attempts, pid_t process) {
  const auto environment = ReadFile(Format("/proc/{}/environ", process), kEnvironmentBytesMax);
  if (!environment) return false;
  const std::string marker = Format("{}={}/", kAttemptVariable, attempts.string());
  return environment->starts_with(marker) ||
         environment->find(std::string(1, '\0') + marker) != std::string::npos;
}

using OpenProcesses = std::map<pid_t, UniqueFd>;

// Kills what is found now. The descriptor is opened before the process is looked at, so that it is
// that one that is killed, whoever gets its number next.
OpenProcesses KillAll(const fs::path& attempts) {
  OpenProcesses killed;
  for (const pid_t process : AllProcesses()) {
    UniqueFd fd = OpenProcess(process);
    if (!fd.Valid() || process == getpid() || !BelongsTo(attempts, process)) continue;
    if (SendSignal(fd, SIGKILL)) killed.emplace(process, std::move(fd));
  }
  return killed;
}

// Waits until all have ended; false after `end_ms`.
bool WaitForEnds(OpenProcesses& processes, int64_t end_ms) {
  const SystemClock clock;
  while (!processes.empty()) {
    const int64_t left_ms = end_ms - clock.MonotonicMs();
    if (left_ms <= 0) return false;
    pollfd first{.fd = processes.begin()->second.Get(), .events = POLLIN, .revents = 0};
    if (poll(&first, 1, static_cast<int>(left_ms)) == 1) processes.erase(processes.begin());
  }
  return true;
}

}  // namespace

std::vector<pid_t> AllProcesses() {
  std::vector<pid_t> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), &closedir);
  if (!folder) return processes;
  while (const dirent* entry = readdir(folder.get())) {
    if (const auto number = ParseInteger(entry->d_name)) {
      processes.push_back(static_cast<pid_t>(*number));
    }
  }
  return processes;
}

UniqueFd OpenProcess(pid_t process) { return UniqueFd(pidfd_open(process, 0)); }

bool SendSignal(const UniqueFd& process, int signal) {
  return pidfd_send_signal(process.Get(), signal, nullptr, 0) == 0;
}

std::vector<pid_t> SessionMembers(pid_t leader) {
  std::vector<pid_t> members;
  for (const pid_t process : AllProcesses()) {
    if (process != leader && getsid(process) == leader) members.push_back(process);
  }
  return members;
}

std::optional<std::string> StatOf(pid_t process) {
  auto stat = ReadFile(Format("/proc/{}/stat", process), kStatBytesMax);
  if (!stat) return std::nullopt;
  return *std::move(stat);
}

std::optional<std::string_view> AfterName(std::string_view stat) {
  const size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  return stat.substr(name_end + 2);
}

bool HasEnded(pid_t process) {
  const auto stat = StatOf(process);
  const auto fields = stat ? AfterName(*stat) : std::nullopt;
  return !fields || fields->empty() || fields->starts_with('Z') || fields->starts_with('X');
}

std::vector<pid_t> ProcessesOf(const fs::path& attempts) {
  std::vector<pid_t> processes = AllProcesses();
  std::erase_if(processes, [&](pid_t process) { return !BelongsTo(attempts, process); });
  return processes;
}

Result<size_t> EndProcessesOf(const fs::path& attempts, int64_t wait_ms) {
  const int64_t end_ms = SystemClock().MonotonicMs() + wait_ms;
  size_t count = 0;
  // A process may have started another one between being seen and being killed.
  for (OpenProcesses found = KillAll(attempts); !found.empty(); found = KillAll(attempts)) {
    count += found.size();
    if (WaitForEnds(found, end_ms)) continue;
    std::vector<std::string> numbers;
    for (const auto& [process, fd] : found) numbers.push_back(Format("{}", process));
    return Fail(ErrorKind::kBusy,
                Format("{}: processes of an earlier run do not end: {}; see what holds them up, or "
                       "use another work folder",
                       attempts.string(), Join(numbers, ", ")));
  }
  return count;
}

}  // namespace archsweep
