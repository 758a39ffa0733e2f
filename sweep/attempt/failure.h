#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace archsweep {

// Who is to blame for the end of an attempt that did not succeed; decides whether, when and how
// often it is tried again.
enum class FailureClass {
  kConfiguration,  // Bad settings or data: the same every time, never tried again.
  kOutOfMemory,    // The same every time on the same device, never tried again.
  kTask,           // The program failed or crashed: charged to the task.
  kStalled,        // No sign of life in time: charged to the task.
  kStorage,        // Disk full or unwritable: not charged.
  kStopped,        // Asked to stop; it kept a checkpoint. Not charged.
  kLost,           // Its worker is gone, or its process was killed from outside. Not charged.
};

std::string_view NameOf(FailureClass failure);
Result<FailureClass> ParseFailureClass(std::string_view name);

struct Failure {
  FailureClass kind = FailureClass::kTask;
  std::string message;  // One line for people, at most kFailureMessageBytesMax.
  friend bool operator==(const Failure&, const Failure&) = default;
};
inline constexpr size_t kFailureMessageBytesMax = 4096;

}  // namespace archsweep
