#include "tests/cli/background_command.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {

BackgroundCommand::BackgroundCommand(const std::vector<std::string>& command,
                                     std::filesystem::path output)
    : output_(std::move(output)) {
  std::vector<char*> arguments;
  for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
  arguments.push_back(nullptr);
  pid_ = fork();
  CHECK(pid_ >= 0);
  if (pid_ > 0) return;
  setpgid(0, 0);
  const int file = open(output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0) _exit(127);
  execv(arguments[0], arguments.data());
  _exit(127);
}

BackgroundCommand::~BackgroundCommand() {
  if (exit_) return;
  Signal(SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void BackgroundCommand::Signal(int signal) const { kill(pid_, signal); }

std::optional<int> BackgroundCommand::Wait(std::chrono::milliseconds patience) {
  WaitUntil(
      [this] {
        int status = 0;
        if (!exit_ && waitpid(pid_, &status, WNOHANG) == pid_) {
          exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        return exit_.has_value();
      },
      patience);
  return exit_;
}

std::string BackgroundCommand::Output() const {
  std::ifstream file(output_);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool IsRunning(pid_t process) {
  std::ifstream file(Format("/proc/{}/stat", process));
  std::string text;
  if (!std::getline(file, text)) return false;
  // The name, in parentheses, may hold anything.
  const size_t name_end = text.rfind(") ");
  return name_end != std::string::npos && text[name_end + 2] != 'Z';
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code error;
  for (std::filesystem::directory_iterator thread(Format("/proc/{}/task", parent), error), end;
       !error && thread != end; thread.increment(error)) {
    std::ifstream list(thread->path() / "children");
    for (pid_t child; list >> child;) children.push_back(child);
  }
  return children;
}

}  // namespace archsweep
