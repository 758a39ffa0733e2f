#include "worker/trainer/progress_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/text.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

// Opens without waiting for a reader (there is one, or nobody is to be told), but then writes wait
// until there is room.
UniqueFd OpenPipe(const std::filesystem::path& pipe) {
  UniqueFd fd(open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  const int flags = fd.Valid() ? fcntl(fd.Get(), F_GETFL) : -1;
  if (flags < 0 || fcntl(fd.Get(), F_SETFL, flags & ~O_NONBLOCK) != 0) {
    FailTask(FailureClass::kTask, SystemError(pipe, "be opened for progress").message);
  }
  return fd;
}

}  // namespace

ProgressSink::ProgressSink(const std::filesystem::path& pipe)
    : fd_(pipe.empty() ? UniqueFd(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)) : OpenPipe(pipe)) {}

void ProgressSink::Write(const ProgressLine& line) {
  if (!fd_.Valid()) return;
  const std::string text = ToText(line);
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t count = write(fd_.Get(), left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      FailTask(FailureClass::kTask, Format("progress cannot be written: {}", std::strerror(errno)));
    }
    left.remove_prefix(static_cast<size_t>(count));
  }
}

bool ProgressSink::StepLineIsDue(int64_t now_ms) {
  if (!fd_.Valid() || now_ms < next_step_line_ms_) return false;
  next_step_line_ms_ = now_ms + kStepLineIntervalMs;
  return true;
}

}  // namespace archsweep
