#include "worker/agent/wake_event.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "base/file.h"

namespace archsweep {

Result<WakeEvent> WakeEvent::Create() {
  UniqueFd fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.Valid()) return tl::unexpected(SystemError("eventfd", "be created"));
  return WakeEvent(std::move(fd));
}

void WakeEvent::Raise() const {
  const uint64_t one = 1;
  // Fails only where the flag is up already.
  [[maybe_unused]] const ssize_t written = write(fd_.Get(), &one, sizeof one);
}

void WakeEvent::Lower() const {
  uint64_t count = 0;
  // Fails only where the flag is down already.
  [[maybe_unused]] const ssize_t got = read(fd_.Get(), &count, sizeof count);
}

}  // namespace archsweep
