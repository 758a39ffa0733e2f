#include "worker/data/preparation/download.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "worker/data/preparation/transfer.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0644;

// What has come so far, locked while this process adds to it.
class PartFile {
 public:
  static Result<PartFile> Open(const fs::path& path) {
    UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode));
    if (!fd.Valid()) return tl::unexpected(SystemError(path, "be created"));
    if (flock(fd.Get(), LOCK_EX | LOCK_NB) == 0) return PartFile(path, std::move(fd));
    if (errno != EWOULDBLOCK) return tl::unexpected(SystemError(path, "be locked"));
    return Fail(ErrorKind::kBusy, Format("{}: another process downloads to it; wait until it has "
                                         "ended",
                                         path.string()));
  }

  const fs::path& Path() const { return path_; }
  int Fd() const { return fd_.Get(); }

  Result<int64_t> Bytes() const {
    struct stat info {};
    if (fstat(Fd(), &info) != 0) return tl::unexpected(SystemError(path_, "be examined"));
    return int64_t{info.st_size};
  }

  Status Clear() const {
    if (ftruncate(Fd(), 0) == 0) return {};
    return tl::unexpected(SystemError(path_, "be emptied"));
  }

  Status MoveTo(const fs::path& target) const {
    if (fsync(Fd()) != 0) return tl::unexpected(SystemError(path_, "be synced"));
    if (rename(path_.c_str(), target.c_str()) != 0) {
      return tl::unexpected(SystemError(target, "be replaced"));
    }
    return SyncFolder(target.parent_path());
  }

 private:
  PartFile(fs::path path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  fs::path path_;
  UniqueFd fd_;
};

// One download over as many transfers as it needs.
class Fetching {
 public:
  Fetching(const PublishedArchive& archive, const PartFile& part, const WorkProgress& progress,
           const DownloadBounds& bounds)
      : archive_(archive), part_(part), progress_(progress), bounds_(bounds) {}

  Status Run();

 private:
  Status Start();
  // Decides what follows a failed transfer; an error ends the download.
  Status AfterFailure(const TransferEnd& end, int64_t bytes_before);

  const PublishedArchive& archive_;
  const PartFile& part_;
  const WorkProgress& progress_;
  const DownloadBounds& bounds_;
  int failures_ = 0;  // In a row.
};

Status Fetching::Start() {
  TRY_ASSIGN(const int64_t bytes, part_.Bytes());
  return archive_.bytes > 0 && bytes > archive_.bytes ? part_.Clear() : Status{};
}

Status Fetching::Run() {
  TRY(Start());
  while (true) {
    TRY_ASSIGN(const int64_t bytes, part_.Bytes());
    if (archive_.bytes > 0 && bytes == archive_.bytes) return {};
    const TransferEnd end = TransferRest({.url = archive_.url,
                                          .offset = bytes,
                                          .total = archive_.bytes,
                                          .connect_timeout_ms = bounds_.connect_timeout_ms,
                                          .stall_timeout_ms = bounds_.stall_timeout_ms},
                                         part_.Fd(), progress_);
    if (end.kind == TransferEnd::Kind::kComplete) return {};
    TRY(AfterFailure(end, bytes));
  }
}

Status Fetching::AfterFailure(const TransferEnd& end, int64_t bytes_before) {
  switch (end.kind) {
    case TransferEnd::Kind::kComplete:
    case TransferEnd::Kind::kFinal:
      return tl::unexpected(end.error);
    case TransferEnd::Kind::kRestart:
      TRY(part_.Clear());
      break;
    case TransferEnd::Kind::kPassing:
      break;
  }
  TRY_ASSIGN(const int64_t bytes, part_.Bytes());
  failures_ = bytes > bytes_before ? 1 : failures_ + 1;
  if (failures_ >= bounds_.attempts) {
    return Fail(end.error.kind,
                Format("{}; given up after {} attempts, the same command goes on from {} bytes",
                       end.error.message, failures_, bytes));
  }
  LogWarning("{}; trying again", end.error.message);
  return WaitUnlessStopped(bounds_.first_wait_ms << (failures_ - 1), bytes, archive_.bytes,
                           progress_);
}

Status CheckSha256(const PublishedArchive& archive, const PartFile& part) {
  TRY_ASSIGN(const std::string found, Sha256HexOfFile(part.Path()));
  if (found == archive.sha256) return {};
  TRY(part.Clear());
  return Fail(ErrorKind::kCorrupt,
              Format("{}: what came has SHA-256 {} instead of {}, so it was damaged on the way or "
                     "is another file; nothing of it is kept: try again, or another source",
                     archive.url, found, archive.sha256));
}

Status CheckUrl(const std::string& url) {
  if (url.starts_with("http://") || url.starts_with("https://")) return {};
  return Fail(ErrorKind::kInvalidInput,
              Format("'{}' is no URL that begins with http:// or https://", url));
}

}  // namespace

Status Download(const PublishedArchive& archive, const fs::path& target,
                const WorkProgress& progress, const DownloadBounds& bounds) {
  TRY(CheckUrl(archive.url));
  TRY(CreateFolders(target.parent_path()));
  TRY_ASSIGN(const PartFile part, PartFile::Open(target.string() + ".part"));
  TRY(Fetching(archive, part, progress, bounds).Run());
  TRY(CheckSha256(archive, part));
  return part.MoveTo(target);
}

}  // namespace archsweep
