#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace archsweep {

// A program that runs beside the test, in a process group of its own, with its output in a file.
// Killed when it goes.
class BackgroundCommand {
 public:
  BackgroundCommand(const std::vector<std::string>& command, std::filesystem::path output);
  ~BackgroundCommand();
  BackgroundCommand(const BackgroundCommand&) = delete;
  BackgroundCommand& operator=(const BackgroundCommand&) = delete;

  pid_t Pid() const { return pid_; }
  void Signal(int signal) const;

  // The exit code, 128 + n after signal n; nothing if it does not end in time.
  std::optional<int> Wait(std::chrono::milliseconds patience);

  // What it has written so far.
  std::string Output() const;

 private:
  pid_t pid_ = -1;
  std::filesystem::path output_;
  std::optional<int> exit_;
};

// The processes whose parent is `parent`, now.
std::vector<pid_t> ChildrenOf(pid_t parent);

// Whether the process runs: it is there, and is not one that has ended and waits for its parent.
bool IsRunning(pid_t process);

// Asks again every few milliseconds until `holds` gives true, for `patience` at most; whether it
// did.
template <class Predicate>
bool WaitUntil(Predicate holds, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    poll(nullptr, 0, 5);
  }
  return true;
}

}  // namespace archsweep
