#include "tests/worker/trainer/trainer_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "base/check.h"
#include "base/file.h"

extern char** environ;

namespace archsweep {
namespace {

std::string WriteJob(const Job& job) {
  CHECK(CreateFolders(job.attempt_folder));
  const std::string file = job.attempt_folder / "job.json";
  CHECK(WriteFileDurably(file, ToJson(job).dump()));
  return file;
}

}  // namespace

TrainerProgram::TrainerProgram(const Job& job) : TrainerProgram({WriteJob(job)}) {}

TrainerProgram::TrainerProgram(const std::vector<std::string>& arguments)
    : TrainerProgram([&] {
        Command command{{ARCHSWEEP_PROGRAM_DIR "/archsweep-trainer"}};
        command.words.insert(command.words.end(), arguments.begin(), arguments.end());
        return command;
      }()) {}

TrainerProgram::TrainerProgram(Command command) {
  std::vector<char*> pointers;
  for (std::string& text : command.words) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  std::array<int, 2> ends;
  CHECK(pipe2(ends.data(), O_CLOEXEC) == 0);
  stdout_ = UniqueFd(ends[0]);
  const UniqueFd write_end(ends[1]);
  posix_spawn_file_actions_t actions;
  CHECK(posix_spawn_file_actions_init(&actions) == 0);
  CHECK(posix_spawn_file_actions_adddup2(&actions, write_end.Get(), STDOUT_FILENO) == 0);
  CHECK(posix_spawn(&pid_, pointers.front(), &actions, nullptr, pointers.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
}

TrainerProgram::~TrainerProgram() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool TrainerProgram::ReadUntil(const std::function<bool(const ProgressLine&)>& found) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = Clock::now() + std::chrono::milliseconds(kTrainerWaitMs);
  std::array<char, 4096> piece;
  while (Clock::now() < deadline) {
    pollfd wait = {stdout_.Get(), POLLIN, 0};
    if (poll(&wait, 1, 100) <= 0) continue;
    const ssize_t count = read(stdout_.Get(), piece.data(), piece.size());
    if (count <= 0) return false;
    outcome_.output.append(piece.data(), static_cast<size_t>(count));
    unfinished_.append(piece.data(), static_cast<size_t>(count));
    bool is_found = false;
    for (size_t end; (end = unfinished_.find('\n')) != std::string::npos;) {
      if (const auto line = ParseProgress(unfinished_.substr(0, end))) {
        outcome_.lines.push_back(*line);
        is_found = is_found || found(*line);
      }
      unfinished_.erase(0, end + 1);
    }
    if (is_found) return true;
  }
  kill(pid_, SIGKILL);
  return false;
}

TrainerOutcome TrainerProgram::Wait() {
  ReadUntil([](const ProgressLine&) { return false; });
  int status = 0;
  CHECK(waitpid(pid_, &status, 0) == pid_);
  pid_ = -1;
  outcome_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome_;
}

}  // namespace archsweep
