#include "worker/data/preparation/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "worker/data/record_reader.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPieceBytes = size_t{1} << 16;

struct ArchiveDeleter {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

bool LiesWithin(const fs::path& name) {
  if (name.empty() || name.is_absolute()) return false;
  return std::ranges::none_of(name, [](const fs::path& part) { return part == ".."; });
}

class Unpacking {
 public:
  Unpacking(const fs::path& file, const fs::path& folder, const WorkProgress& progress)
      : file_(file), folder_(folder), progress_(progress) {}

  Status Run();

 private:
  Status Open();
  Status Take(archive_entry* entry);
  Status WriteFile(const fs::path& target);
  // Tells how much of the archive is read.
  Status Tell();
  tl::unexpected<Error> Damaged(std::string_view what) const {
    return Fail(ErrorKind::kCorrupt, Format("{}: {}", file_.string(), what));
  }
  tl::unexpected<Error> Damaged() const {
    const char* const reason = archive_error_string(reader_.get());
    return Damaged(Format("cannot be unpacked: {}", reason == nullptr ? "damaged" : reason));
  }

  const fs::path& file_;
  const fs::path& folder_;
  const WorkProgress& progress_;
  std::unique_ptr<archive, ArchiveDeleter> reader_{archive_read_new()};
  int64_t archive_bytes_ = 0;
  int64_t files_ = 0;
  int64_t bytes_ = 0;
};

Status Unpacking::Open() {
  TRY_ASSIGN(archive_bytes_, BytesOf(file_));
  archive_read_support_filter_gzip(reader_.get());
  archive_read_support_format_tar(reader_.get());
  archive_read_support_format_zip(reader_.get());
  if (archive_read_open_filename(reader_.get(), file_.c_str(), kPieceBytes) == ARCHIVE_OK) {
    return {};
  }
  return Damaged();
}

Status Unpacking::Run() {
  TRY(Open());
  while (true) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(reader_.get(), &entry);
    if (code == ARCHIVE_EOF) return {};
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return Damaged();
    TRY(Take(entry));
    TRY(Tell());
  }
}

Status Unpacking::Take(archive_entry* entry) {
  const char* const name = archive_entry_pathname(entry);
  const fs::path path = name == nullptr ? "" : name;
  if (!LiesWithin(path)) {
    return Damaged(Format("names '{}', which lies outside of its folder", path.string()));
  }
  if (++files_ > kUnpackedFilesMax) {
    return Damaged(Format("holds more than {} files", kUnpackedFilesMax));
  }
  const auto kind = archive_entry_filetype(entry);
  if (kind == AE_IFDIR) return CreateFolders(folder_ / path);
  if (kind != AE_IFREG || archive_entry_hardlink(entry) != nullptr) return {};
  const fs::path target = folder_ / path;
  TRY(CreateFolders(target.parent_path()));
  return WriteFile(target);
}

Status Unpacking::WriteFile(const fs::path& target) {
  std::ofstream file(target, std::ios::binary | std::ios::trunc);
  std::vector<char> piece(kPieceBytes);
  while (file) {
    const la_ssize_t count = archive_read_data(reader_.get(), piece.data(), piece.size());
    if (count < 0) return Damaged();
    if (count == 0) {
      file.close();
      break;
    }
    bytes_ += count;
    if (bytes_ > kUnpackedBytesMax) {
      return Damaged(Format("unpacks to more than {} bytes", kUnpackedBytesMax));
    }
    file.write(piece.data(), count);
    TRY(Tell());
  }
  if (file) return {};
  return Fail(ErrorKind::kIo, Format("{}: cannot be written; is the disk full?", target.string()));
}

Status Unpacking::Tell() {
  constexpr int kOutermost = -1;  // The filter that reads the file itself.
  const int64_t read = archive_filter_bytes(reader_.get(), kOutermost);
  if (!progress_ || progress_(std::min(read, archive_bytes_), archive_bytes_)) return {};
  return Fail(ErrorKind::kInterrupted, "stopped");
}

}  // namespace

Status Unpack(const fs::path& archive, const fs::path& folder, const WorkProgress& progress) {
  TRY(CreateFolders(folder));
  return Unpacking(archive, folder, progress).Run();
}

Status MoveFiles(const fs::path& from, const fs::path& to) {
  const auto failed = [&](const std::error_code& error) {
    return Fail(ErrorKind::kIo, Format("{}: its files cannot be moved to {}: {}", from.string(),
                                       to.string(), error.message()));
  };
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator entry(from, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_directory(ignored)) files.push_back(entry->path());
  }
  if (error) return failed(error);
  for (const fs::path& file : files) {
    const fs::path target = to / file.lexically_relative(from);
    TRY(CreateFolders(target.parent_path()));
    fs::rename(file, target, error);
    if (error) return failed(error);
  }
  return {};
}

}  // namespace archsweep
