#pragma once

#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace archsweep {

// Who can mend a failure; it decides the exit code of the command and whether a retry makes sense.
enum class ErrorKind {
  kInvalidInput,  // The user's file, flag or request: change it.
  kNotFound,      // The named thing does not exist.
  kBusy,          // Another process holds it: wait or use another.
  kCorrupt,       // Stored bytes are not what was written: restore or remove them.
  kIo,            // The operating system refused: disk, permission, network.
  kDiskFull,      // There is no space left: free some, then go on.
  kUnavailable,   // The other side does not answer now: try again.
  kDenied,        // The token is missing or wrong.
  kInterrupted,   // Asked to stop.
};

// An expected failure. The message names the thing, the value and the remedy in one or more lines
// without a final newline.
struct Error {
  ErrorKind kind = ErrorKind::kIo;
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> Fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}

// The same error with "context: " before its message, for a caller that knows what was being done.
Error WithContext(Error error, const std::string& context);

// One error out of several, one a line, so that a user mends them in one go. `errors` is not empty.
Error Joined(const std::vector<Error>& errors);

}  // namespace archsweep

#define ARCHSWEEP_CONCAT_INNER(a, b) a##b
#define ARCHSWEEP_CONCAT(a, b) ARCHSWEEP_CONCAT_INNER(a, b)

// Returns the error of `expression` from the enclosing function, if it has one.
#define TRY(expression)                                                    \
  do {                                                                     \
    auto try_status = (expression);                                        \
    if (!try_status) return tl::unexpected(std::move(try_status).error()); \
  } while (false)

// Declares or assigns `target` with the value of `expression`, or returns its error.
#define TRY_ASSIGN(target, expression) \
  TRY_ASSIGN_INNER(ARCHSWEEP_CONCAT(try_result_, __LINE__), target, expression)
#define TRY_ASSIGN_INNER(name, target, expression)           \
  auto name = (expression);                                  \
  if (!name) return tl::unexpected(std::move(name).error()); \
  target = *std::move(name)
