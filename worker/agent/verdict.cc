#include "worker/agent/verdict.h"

#include <csignal>
#include <cstring>

#include "base/text.h"
#include "sweep/attempt/exit_code.h"
#include "worker/agent/attempt_watch.h"

namespace archsweep {
namespace {

// What shells and the dynamic loader leave with where a program or one of its libraries is missing.
constexpr int kCannotRun = 126;
constexpr int kCannotLoad = 127;

FailureClass ClassOfExit(int code) {
  if (code == kCannotRun || code == kCannotLoad) return FailureClass::kConfiguration;
  switch (static_cast<TrainerExit>(code)) {
    case TrainerExit::kStorage:
      return FailureClass::kStorage;
    case TrainerExit::kStopped:
      return FailureClass::kStopped;
    case TrainerExit::kCollective:
      return FailureClass::kLost;
    case TrainerExit::kConfiguration:
      return FailureClass::kConfiguration;
    case TrainerExit::kOutOfMemory:
      return FailureClass::kOutOfMemory;
    case TrainerExit::kDone:
    case TrainerExit::kInternal:
      return FailureClass::kTask;
  }
  return FailureClass::kTask;
}

std::string Describe(const ProcessEnd& end) {
  if (!end.signaled)
    return Format("the trainer left with exit code {} and no final line", end.code);
  const char* name = sigdescr_np(end.code);
  std::string text =
      Format("the trainer was killed by signal {} ({})", end.code, name ? name : "unknown");
  // The kernel's out-of-memory killer leaves no other trace.
  if (end.code == SIGKILL) text += ", perhaps because memory ran out";
  return text;
}

Failure Judge(const ProcessEnd& end, EndedBy ended_by) {
  switch (ended_by) {
    case EndedBy::kStop:
      return {FailureClass::kStopped, "stopped on request"};
    case EndedBy::kStall:
      return {FailureClass::kStalled,
              Format("the trainer gave no sign of life in time ({} s to start, {} s between lines)",
                     kStartupTimeoutMs / 1000, kStallTimeoutMs / 1000)};
    case EndedBy::kBadLines:
      return {FailureClass::kTask, "the trainer wrote too many lines that are no progress lines"};
    case EndedBy::kItself:
      break;
  }
  if (!end.signaled) return {ClassOfExit(end.code), Describe(end)};
  // SIGKILL comes from outside: a person, a batch system, the kernel. It says nothing of the task.
  return {end.code == SIGKILL ? FailureClass::kLost : FailureClass::kTask, Describe(end)};
}

}  // namespace

ProcessEnd EndOfFirstRank(const ProcessEnd& mpirun) {
  constexpr int kSignalBase = 128;
  const bool signaled = !mpirun.signaled && mpirun.code > kSignalBase &&
                        sigabbrev_np(mpirun.code - kSignalBase) != nullptr;
  if (!signaled) return mpirun;
  return {.signaled = true, .code = mpirun.code - kSignalBase};
}

Failure VerdictOf(const ProcessEnd& end, EndedBy ended_by, const std::string& last_output,
                  const std::string& log) {
  Failure failure = Judge(end, ended_by);
  if (failure.kind == FailureClass::kStopped) return failure;
  if (!last_output.empty()) failure.message += Format("; its last words: {}", last_output);
  failure.message += Format("; see {}", log);
  return failure;
}

}  // namespace archsweep
