#include "cli/exit_code.h"

#include <cstdio>

namespace archsweep {

ExitCode ExitCodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidInput:
      return ExitCode::kUsage;
    case ErrorKind::kUnavailable:
      return ExitCode::kUnreachable;
    case ErrorKind::kDenied:
      return ExitCode::kDenied;
    case ErrorKind::kInterrupted:
      return ExitCode::kInterrupted;
    case ErrorKind::kNotFound:
    case ErrorKind::kBusy:
    case ErrorKind::kCorrupt:
    case ErrorKind::kIo:
    case ErrorKind::kDiskFull:
      return ExitCode::kFailed;
  }
  return ExitCode::kFailed;
}

ExitCode ReportError(const Error& error) {
  std::fprintf(stderr, "archsweep: %s\n", error.message.c_str());
  return ExitCodeOf(error.kind);
}

ExitCode ReportEnd(const Status& status) {
  return status ? ExitCode::kOk : ReportError(status.error());
}

}  // namespace archsweep
