#include "worker/data/preparation/staged_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file.h"
#include "base/text.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0644;

}  // namespace

Result<StagedFile> StagedFile::Create(fs::path path) {
  if (path.has_parent_path()) TRY(CreateFolders(path.parent_path()));
  fs::path temporary = path.string() + Format(".{}.tmp", getpid());
  UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (!fd.Valid()) return tl::unexpected(SystemError(temporary, "be created"));
  return StagedFile(std::move(path), std::move(temporary), std::move(fd));
}

StagedFile::~StagedFile() {
  if (fd_.Valid()) unlink(temporary_.c_str());
}

Status StagedFile::Append(std::string_view bytes) {
  TRY(Overwrite(bytes_, bytes));
  bytes_ += static_cast<int64_t>(bytes.size());
  return {};
}

Status StagedFile::Overwrite(int64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd_.Get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::unexpected(SystemError(temporary_, "be written"));
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += count;
  }
  return {};
}

Status StagedFile::Commit() {
  if (fsync(fd_.Get()) != 0) return tl::unexpected(SystemError(temporary_, "be synced"));
  if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    return tl::unexpected(SystemError(path_, "be replaced"));
  }
  fd_.Close();
  return SyncFolder(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
}

}  // namespace archsweep
