#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace archsweep {

// A flag that a thread waits for with poll and any thread or signal handler raises.
class WakeEvent {
 public:
  static Result<WakeEvent> Create();

  int Fd() const { return fd_.Get(); }  // Readable while the flag is up.
  void Raise() const;
  void Lower() const;

 private:
  explicit WakeEvent(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace archsweep
