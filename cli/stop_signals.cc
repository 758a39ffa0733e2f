#include "cli/stop_signals.h"

#include <ctime>
#include <initializer_list>

namespace archsweep {

StopSignals::StopSignals(Kind kind) {
  sigemptyset(&set_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set_, signal);
  if (kind == Kind::kBatch) {
    for (const int signal : {SIGUSR1, SIGUSR2}) sigaddset(&set_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

std::optional<int> StopSignals::Take(int64_t timeout_ms) const {
  const timespec timeout{.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1'000'000};
  const int signal = sigtimedwait(&set_, nullptr, &timeout);
  if (signal > 0) return signal;
  return std::nullopt;
}

}  // namespace archsweep
