#include "cli/stop_signals.h"

#include <ctime>
#include <initializer_list>

namespace archsweep {

StopSignals::StopSignals() {
  sigemptyset(&set_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

bool StopSignals::Wait(int64_t timeout_ms) const {
  const timespec timeout{.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1'000'000};
  return sigtimedwait(&set_, nullptr, &timeout) > 0;
}

}  // namespace archsweep
