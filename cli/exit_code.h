#pragma once

#include "base/result.h"

namespace archsweep {

// How the command ends; scripts rely on it.
enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,        // A flag, a file or a value that the user gave cannot be used.
  kTasksFailed = 3,  // The sweep ended, some of its tasks failed.
  kUnreachable = 4,  // The coordinator does not answer.
  kDenied = 5,
  kGaveUp = 75,  // A worker: the coordinator did not answer for too long; try again later.
  kInterrupted = 130,
};

ExitCode ExitCodeOf(ErrorKind kind);

// Prints "archsweep: MESSAGE" to stderr, and gives the exit code of the error.
ExitCode ReportError(const Error& error);

// The same for how something ended, which may be well.
ExitCode ReportEnd(const Status& status);

}  // namespace archsweep
