#include "worker/agent/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/text.h"
#include "sweep/attempt/gang_launch.h"
#include "worker/agent/process_table.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGpuVariable = "CUDA_VISIBLE_DEVICES";
constexpr int kLogMode = 0644;

bool Sets(const std::string& entry, std::string_view name) {
  return entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What posix_spawn does in the child. Its functions fail only for want of memory.
class SpawnSettings {
 public:
  SpawnSettings(const fs::path& log, const std::vector<int>& blocked_signals) {
    sigset_t blocked;
    sigset_t all;
    sigemptyset(&blocked);
    for (const int signal : blocked_signals) sigaddset(&blocked, signal);
    sigfillset(&all);
    CHECK(posix_spawnattr_init(&attributes_) == 0);
    CHECK(posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                     POSIX_SPAWN_SETSIGDEF) == 0);
    CHECK(posix_spawnattr_setsigmask(&attributes_, &blocked) == 0);
    CHECK(posix_spawnattr_setsigdefault(&attributes_, &all) == 0);
    CHECK(posix_spawn_file_actions_init(&actions_) == 0);
    CHECK(posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0);
    CHECK(posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, log.c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND, kLogMode) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO) == 0);
    CHECK(posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1) == 0);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  const posix_spawnattr_t& Attributes() const { return attributes_; }
  const posix_spawn_file_actions_t& Actions() const { return actions_; }

 private:
  posix_spawnattr_t attributes_;
  posix_spawn_file_actions_t actions_;
};

Error CannotStart(const std::string& program, int code) {
  ErrorKind kind = ErrorKind::kIo;
  if (code == ENOENT || code == ENOTDIR || code == ENOEXEC) kind = ErrorKind::kNotFound;
  if (code == EACCES) kind = ErrorKind::kDenied;
  return {kind, Format("{}: cannot be started: {}", program, std::strerror(code))};
}

}  // namespace

LaunchPlan PlanLaunch(const fs::path& trainer_program, const fs::path& mpirun,
                      const fs::path& attempt_folder, const Placement& placement,
                      std::span<const std::string> inherited) {
  LaunchPlan plan;
  if (placement.ranks == 1) {
    plan.arguments = {trainer_program.string()};
  } else {
    plan.arguments = GangArguments(mpirun, placement.ranks, attempt_folder, trainer_program);
    plan.environment = GangEnvironment();
    plan.blocked_signals = {SIGTERM, SIGUSR1, SIGUSR2};
  }
  plan.arguments.push_back((attempt_folder / "job.json").string());
  for (const std::string& entry : inherited) {
    if (!Sets(entry, kGpuVariable) && !Sets(entry, kAttemptVariable)) {
      plan.environment.push_back(entry);
    }
  }
  plan.environment.push_back(Format("{}={}", kGpuVariable, placement.visible_gpus));
  plan.environment.push_back(Format("{}={}", kAttemptVariable, attempt_folder.string()));
  return plan;
}

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry; ++entry) environment.emplace_back(*entry);
  return environment;
}

Result<SpawnedProcess> Spawn(const LaunchPlan& plan, const fs::path& log) {
  const SpawnSettings settings(log, plan.blocked_signals);
  const std::string& program = plan.arguments.front();
  SpawnedProcess process;
  const int code =
      posix_spawn(&process.pid, program.c_str(), &settings.Actions(), &settings.Attributes(),
                  Pointers(plan.arguments).data(), Pointers(plan.environment).data());
  if (code != 0) return tl::unexpected(CannotStart(program, code));
  process.fd = OpenProcess(process.pid);
  if (process.fd.Valid()) return process;
  const Error error = SystemError(program, "be watched");
  kill(process.pid, SIGKILL);
  waitpid(process.pid, nullptr, 0);
  return tl::unexpected(error);
}

}  // namespace archsweep
