#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/text.h"

namespace archsweep {

Result<FileLock> FileLock::Acquire(const std::filesystem::path& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.Valid()) return tl::unexpected(SystemError(path, "be opened"));
  if (flock(fd.Get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return tl::unexpected(SystemError(path, "be locked"));
    constexpr size_t kHolderBytesMax = 64;
    const auto holder = ReadFile(path, kHolderBytesMax);
    return Fail(ErrorKind::kBusy, Format("{}: in use by process {}", path.string(),
                                         holder && !holder->empty() ? *holder : "unknown"));
  }
  const std::string holder = Format("{}", getpid());
  const bool noted =
      ftruncate(fd.Get(), 0) == 0 &&
      pwrite(fd.Get(), holder.data(), holder.size(), 0) == static_cast<ssize_t>(holder.size());
  if (!noted) return tl::unexpected(SystemError(path, "be written"));
  return FileLock(std::move(fd));
}

}  // namespace archsweep
