#include "base/file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "base/sha256.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace archsweep {
namespace fs = std::filesystem;

Error SystemError(const fs::path& path, std::string_view what) {
  const int code = errno;
  return Error{code == ENOENT ? ErrorKind::kNotFound : ErrorKind::kIo,
               Format("{}: cannot {}: {}", path.string(), what, std::strerror(code))};
}

namespace {

constexpr size_t kPieceBytes = 65536;

// Hands the content on in pieces.
template <class Use>
Status ReadPieces(const fs::path& path, size_t bytes_max, const Use& use) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.Valid()) return tl::unexpected(SystemError(path, "be opened"));
  std::array<char, kPieceBytes> piece;
  size_t bytes = 0;
  while (true) {
    const ssize_t count = read(fd.Get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::unexpected(SystemError(path, "be read"));
    if (count == 0) return {};
    bytes += static_cast<size_t>(count);
    if (bytes > bytes_max) {
      return Fail(
          ErrorKind::kInvalidInput,
          Format("{}: larger than the {} bytes allowed for such a file", path.string(), bytes_max));
    }
    TRY(use(std::string_view(piece.data(), static_cast<size_t>(count))));
  }
}

Status WriteAll(int fd, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::unexpected(SystemError(path, "be written"));
    content.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

// `write` gets the descriptor and the name of the new file.
template <class Write>
Status WriteNew(const fs::path& path, unsigned mode, const Write& write) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd.Valid()) return tl::unexpected(SystemError(path, "be created"));
  TRY(write(fd.Get(), path));
  if (fsync(fd.Get()) != 0) return tl::unexpected(SystemError(path, "be synced"));
  return {};
}

template <class Write>
Status ReplaceDurably(const fs::path& path, unsigned mode, const Write& write) {
  const fs::path temporary = path.string() + Format(".{}.tmp", getpid());
  if (const Status written = WriteNew(temporary, mode, write); !written) {
    unlink(temporary.c_str());
    return written;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0)
    return tl::unexpected(SystemError(path, "be replaced"));
  return SyncFolder(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

}  // namespace

Result<std::string> ReadFile(const fs::path& path, size_t bytes_max) {
  std::string content;
  TRY(ReadPieces(path, bytes_max, [&](std::string_view piece) -> Status {
    content += piece;
    return {};
  }));
  return content;
}

Status WriteFileDurably(const fs::path& path, std::string_view content, unsigned mode) {
  return ReplaceDurably(path, mode, [&](int fd, const fs::path& temporary) {
    return WriteAll(fd, content, temporary);
  });
}

Result<std::string> CopyFileDurably(const fs::path& from, const fs::path& path, size_t bytes_max) {
  Sha256 hash;
  TRY(ReplaceDurably(path, 0644, [&](int fd, const fs::path& temporary) {
    return ReadPieces(from, bytes_max, [&](std::string_view piece) {
      hash.Update(piece);
      return WriteAll(fd, piece, temporary);
    });
  }));
  const Sha256::Digest digest = hash.Finish();
  return Hex(digest.data(), digest.size());
}

Status SyncFolder(const fs::path& folder) {
  const UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.Valid()) return tl::unexpected(SystemError(folder, "be opened"));
  if (fsync(fd.Get()) != 0) return tl::unexpected(SystemError(folder, "be synced"));
  return {};
}

Status CreateFolders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return {};
  return Fail(ErrorKind::kIo,
              Format("{}: cannot be created: {}", folder.string(), error.message()));
}

bool IsNetworkFileSystem(uint32_t magic) {
  // Not in linux/magic.h: cifs, Lustre, GPFS, BeeGFS, CephFS, PanFS.
  constexpr std::array<uint32_t, 9> kMagics = {NFS_SUPER_MAGIC, 0xff534d42,      SMB2_SUPER_MAGIC,
                                               0x0bd00bd0,      0x47504653,      0x19830326,
                                               0x00c36400,      AFS_SUPER_MAGIC, 0xaad7aaea};
  return std::ranges::find(kMagics, magic) != kMagics.end();
}

Status RefuseNetworkFileSystem(const fs::path& folder) {
  struct statfs info {};
  if (statfs(folder.c_str(), &info) != 0) return tl::unexpected(SystemError(folder, "be examined"));
  if (!IsNetworkFileSystem(static_cast<uint32_t>(info.f_type))) return {};
  return Fail(ErrorKind::kInvalidInput,
              Format("{}: lies on a network file system, where a database can be damaged; give a "
                     "--state folder on a local disk, and keep a copy here with 'archsweep backup'",
                     folder.string()));
}

}  // namespace archsweep
