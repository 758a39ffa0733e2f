#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "sweep/attempt/exit_code.h"
#include "sweep/attempt/failure.h"

namespace archsweep {

// Thrown where a task cannot go on; main turns it into the failure line and the exit code.
struct TaskError {
  Failure failure;
};

[[noreturn]] void FailTask(FailureClass kind, std::string message);

// The class of a failure to read settings, data or weights: what is wrong with them stays wrong,
// but a disk that does not answer may answer the next attempt.
FailureClass ClassOfReading(const Error& error);

// The value, or a TaskError of the class of reading.
template <class T>
T OrFail(Result<T> result) {
  if (!result) FailTask(ClassOfReading(result.error()), std::move(result.error().message));
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

TrainerExit ExitOf(FailureClass kind);

// The failure that the exception in flight stands for; called in a catch block. LibTorch reports
// memory that it cannot get in several ways.
Failure FailureInFlight();

}  // namespace archsweep
