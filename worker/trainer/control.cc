#include "worker/trainer/control.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/file.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

constexpr std::string_view kStopCommand = "stop\n";
constexpr size_t kCommandBytesMax = 64;

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  return signals;
}

UniqueFd OpenForReading(const std::filesystem::path& pipe) {
  if (pipe.empty()) return {};
  UniqueFd fd(open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd.Valid()) {
    FailTask(FailureClass::kConfiguration, SystemError(pipe, "be opened").message);
  }
  return fd;
}

// Bytes read, 0 at end of file, or nothing yet: -1.
ssize_t ReadSome(const UniqueFd& fd, std::array<char, 256>& piece) {
  ssize_t count = 0;
  do {
    count = read(fd.Get(), piece.data(), piece.size());
  } while (count < 0 && errno == EINTR);
  return count;
}

// There is nobody to tell, and checkpoints are on disk already. No destructor may wait for
// anything.
void LeaveIfAgentIsGone(const UniqueFd& lifeline) {
  std::array<char, 256> piece;
  if (lifeline.Valid() && ReadSome(lifeline, piece) == 0) {
    _exit(static_cast<int>(TrainerExit::kInternal));
  }
}

}  // namespace

void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
}

Control::Control(const std::filesystem::path& control_pipe,
                 const std::filesystem::path& lifeline_pipe)
    : control_(OpenForReading(control_pipe)), lifeline_(OpenForReading(lifeline_pipe)) {
  const sigset_t signals = StopSignals();
  signals_ = UniqueFd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  wake_ = UniqueFd(eventfd(0, EFD_CLOEXEC));
  CHECK(signals_.Valid() && wake_.Valid());
  // poll reports no end of file on a pipe whose writer left before it was opened.
  LeaveIfAgentIsGone(lifeline_);
  thread_ = std::jthread([this] { Watch(); });
}

Control::~Control() {
  const uint64_t one = 1;
  CHECK(write(wake_.Get(), &one, sizeof one) == sizeof one);
}

void Control::Watch() {
  enum { kControl, kLifeline, kSignals, kWake, kCount };
  while (true) {
    // Those that are not open have the descriptor -1, which poll leaves out.
    std::array<pollfd, kCount> waits = {{{control_.Get(), POLLIN, 0},
                                         {lifeline_.Get(), POLLIN, 0},
                                         {signals_.Get(), POLLIN, 0},
                                         {wake_.Get(), POLLIN, 0}}};
    if (poll(waits.data(), waits.size(), -1) < 0) {
      CHECK(errno == EINTR);
      continue;
    }
    if (waits[kLifeline].revents != 0) LeaveIfAgentIsGone(lifeline_);
    if (waits[kControl].revents != 0) ReadControl();
    if (waits[kSignals].revents != 0) {
      signalfd_siginfo info;
      while (read(signals_.Get(), &info, sizeof info) > 0) stop_requested_ = true;
    }
    if (waits[kWake].revents != 0) return;
  }
}

void Control::ReadControl() {
  std::array<char, 256> piece;
  const ssize_t count = ReadSome(control_, piece);
  if (count == 0) control_.Close();
  if (count <= 0) return;
  command_.append(piece.data(), static_cast<size_t>(count));
  if (command_.find(kStopCommand) != std::string::npos) stop_requested_ = true;
  if (command_.size() > kCommandBytesMax) command_.erase(0, command_.size() - kCommandBytesMax);
}

}  // namespace archsweep
