#include "sweep/attempt/failure.h"

#include <array>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr std::array kFailureClasses = {FailureClass::kConfiguration, FailureClass::kOutOfMemory,
                                        FailureClass::kTask,          FailureClass::kStalled,
                                        FailureClass::kStorage,       FailureClass::kStopped,
                                        FailureClass::kLost};

}  // namespace

std::string_view NameOf(FailureClass failure) {
  switch (failure) {
    case FailureClass::kConfiguration:
      return "configuration";
    case FailureClass::kOutOfMemory:
      return "out_of_memory";
    case FailureClass::kTask:
      return "task";
    case FailureClass::kStalled:
      return "stalled";
    case FailureClass::kStorage:
      return "storage";
    case FailureClass::kStopped:
      return "stopped";
    case FailureClass::kLost:
      return "lost";
  }
  return "";
}

Result<FailureClass> ParseFailureClass(std::string_view name) {
  for (const FailureClass failure : kFailureClasses) {
    if (NameOf(failure) == name) return failure;
  }
  return Fail(ErrorKind::kInvalidInput, Format("'{}' is not a failure class", name));
}

}  // namespace archsweep
