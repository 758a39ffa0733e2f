#pragma once

#include <filesystem>

#include "base/result.h"
#include "base/unique_fd.h"

namespace archsweep {

// An exclusive lock that the kernel holds for this process and drops when it ends, however it ends;
// so no stale lock can block a restart. The file stays, and holds the process number of the last
// holder for the error message.
class FileLock {
 public:
  // kBusy if another process holds it; the message names that process.
  static Result<FileLock> Acquire(const std::filesystem::path& path);

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace archsweep
