#include "worker/trainer/task_error.h"

#include <ATen/ATen.h>

#include <exception>
#include <new>
#include <string_view>

namespace archsweep {
namespace {

Failure Of(const c10::Error& error) {
  const std::string message = error.what_without_backtrace();
  const bool is_memory = dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
                         message.find("can't allocate memory") != std::string::npos;
  return {is_memory ? FailureClass::kOutOfMemory : FailureClass::kTask, message};
}

}  // namespace

void FailTask(FailureClass kind, std::string message) {
  throw TaskError{{.kind = kind, .message = std::move(message)}};
}

FailureClass ClassOfReading(const Error& error) {
  return error.kind == ErrorKind::kIo ? FailureClass::kTask : FailureClass::kConfiguration;
}

TrainerExit ExitOf(FailureClass kind) {
  switch (kind) {
    case FailureClass::kConfiguration:
      return TrainerExit::kConfiguration;
    case FailureClass::kOutOfMemory:
      return TrainerExit::kOutOfMemory;
    case FailureClass::kStorage:
      return TrainerExit::kStorage;
    case FailureClass::kStopped:
      return TrainerExit::kStopped;
    case FailureClass::kLost:
      return TrainerExit::kCollective;
    case FailureClass::kTask:
    case FailureClass::kStalled:
      break;
  }
  return TrainerExit::kInternal;
}

Failure FailureInFlight() {
  try {
    throw;
  } catch (const TaskError& error) {
    return error.failure;
  } catch (const std::bad_alloc&) {
    return {FailureClass::kOutOfMemory, "the memory of this machine is not enough for this task"};
  } catch (const c10::Error& error) {
    return Of(error);
  } catch (const std::exception& error) {
    return {FailureClass::kTask, error.what()};
  } catch (...) {
    return {FailureClass::kTask, "an exception of an unknown kind"};
  }
}

}  // namespace archsweep
