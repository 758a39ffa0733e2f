#include "tests/cli/command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace archsweep {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe OpenPipe() {
  int ends[2];
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

pid_t Spawn(const std::vector<std::string>& command, const std::filesystem::path& folder, int out,
            int err) {
  std::vector<char*> argv;
  for (const std::string& part : command) argv.push_back(const_cast<char*>(part.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(error, 0) << command.front() << ": " << std::strerror(error);
  return error == 0 ? pid : -1;
}

// Reads both ends until they are closed; false if that does not happen before the deadline.
bool ReadBoth(const UniqueFd& out, const UniqueFd& err, std::chrono::milliseconds timeout,
              CommandResult& result) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  std::array<pollfd, 2> fds = {{{out.Get(), POLLIN, 0}, {err.Get(), POLLIN, 0}}};
  const std::array<std::string*, 2> texts = {&result.out, &result.err};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || poll(fds.data(), fds.size(), static_cast<int>(left.count())) == 0) {
      return false;
    }
    for (size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      char buffer[65'536];
      const ssize_t count = read(fds[i].fd, buffer, sizeof buffer);
      if (count > 0) {
        texts[i]->append(buffer, static_cast<size_t>(count));
      } else {
        fds[i].fd = -1;  // poll passes over it.
      }
    }
  }
  return true;
}

}  // namespace

CommandResult RunCommand(const std::vector<std::string>& command, const CommandOptions& options) {
  Pipe out = OpenPipe();
  Pipe err = OpenPipe();
  CommandResult result;
  const pid_t pid = Spawn(command, options.folder, out.write.Get(), err.write.Get());
  if (pid < 0) return result;
  out.write.Close();
  err.write.Close();
  if (!ReadBoth(out.read, err.read, options.timeout, result)) {
    ADD_FAILURE() << command.front() << " did not end in " << options.timeout.count()
                  << " ms and was killed; it wrote:\n"
                  << result.out << result.err;
    kill(pid, SIGKILL);
  }
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

CommandResult RunArchsweep(const std::vector<std::string>& arguments,
                           const CommandOptions& options) {
  std::vector<std::string> command = {ARCHSWEEP_PROGRAM_DIR "/archsweep"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunCommand(command, options);
}

CommandResult AskCoordinator(const std::string& shared_folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--shared", shared_folder});
  return RunArchsweep(arguments);
}

std::string QueryCoordinator(const std::string& shared_folder, const std::string& sql) {
  const CommandResult result = AskCoordinator(shared_folder, {"query", sql, "--format", "csv"});
  const std::vector<std::string> lines = Split(result.out, '\n');
  return result.exit_code == 0 && lines.size() > 1 ? lines[1] : "";
}

}  // namespace archsweep
