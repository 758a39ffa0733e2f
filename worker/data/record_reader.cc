#include "worker/data/record_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPieceBytes = size_t{1} << 20;

// Fills `piece` from `offset` on; what was there.
Result<size_t> ReadAt(int fd, int64_t offset, std::vector<char>& piece, const fs::path& file) {
  size_t filled = 0;
  while (filled < piece.size()) {
    const ssize_t count = pread(fd, piece.data() + filled, piece.size() - filled,
                                static_cast<off_t>(offset + static_cast<int64_t>(filled)));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::unexpected(SystemError(file, "be read"));
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  return filled;
}

}  // namespace

RecordReader::RecordReader(const RecordFormat& format, ImageSet* kept, std::string remedy,
                           Work& work)
    : format_(format), kept_(kept), remedy_(std::move(remedy)), work_(work) {}

Status RecordReader::ReadFile(const fs::path& file) {
  TRY_ASSIGN(const int64_t bytes, BytesOf(file));
  const auto record_bytes = static_cast<int64_t>(format_.RecordBytes());
  if (bytes == 0) {
    return Fail(ErrorKind::kCorrupt, Format("{}: is empty; {}", file.string(), remedy_));
  }
  if (bytes % record_bytes != 0) {
    return Fail(ErrorKind::kCorrupt,
                Format("{}: has {} bytes, which is no multiple of the {} bytes of a record: it is "
                       "cut off or not in the data set's binary format; {}",
                       file.string(), bytes, record_bytes, remedy_));
  }
  return ReadPart(file, 0, bytes);
}

Status RecordReader::ReadPart(const fs::path& file, int64_t offset, int64_t bytes) {
  const size_t record_bytes = format_.RecordBytes();
  CHECK(bytes % static_cast<int64_t>(record_bytes) == 0);
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.Valid()) return tl::unexpected(SystemError(file, "be opened"));
  if (kept_ != nullptr) {
    const size_t records = static_cast<size_t>(bytes) / record_bytes;
    kept_->pixels.reserve(kept_->pixels.size() + records * format_.ImageBytes());
    kept_->labels.reserve(kept_->labels.size() + records);
  }
  std::vector<char> piece;
  while (bytes > 0) {
    const size_t whole = std::max<size_t>(1, kPieceBytes / record_bytes) * record_bytes;
    piece.resize(std::min(whole, static_cast<size_t>(bytes)));
    TRY_ASSIGN(const size_t count, ReadAt(fd.Get(), offset, piece, file));
    if (count < piece.size()) {
      return Fail(ErrorKind::kCorrupt,
                  Format("{}: ended while it was read; {}", file.string(), remedy_));
    }
    TRY(Take({piece.data(), piece.size()}, file.string()));
    offset += static_cast<int64_t>(count);
    bytes -= static_cast<int64_t>(count);
  }
  return {};
}

Status RecordReader::Take(std::string_view records, const std::string& source) {
  CHECK(records.size() % format_.RecordBytes() == 0);
  TRY(CheckLabels(records, source));
  hash_.Update(records);
  if (kept_ != nullptr) Keep(records);
  records_ += static_cast<int64_t>(records.size() / format_.RecordBytes());
  return work_.Advance(static_cast<int64_t>(records.size()));
}

Status RecordReader::CheckLabels(std::string_view records, const std::string& source) const {
  const auto check = [&](size_t at, size_t byte, std::string_view kind, int classes) -> Status {
    const int label = static_cast<uint8_t>(records[at + byte]);
    if (label < classes) return {};
    const int64_t record = records_ + static_cast<int64_t>(at / format_.RecordBytes());
    return Fail(ErrorKind::kCorrupt,
                Format("{}: record {} of the data set has {} {}, but there are only {} classes (0 "
                       "to {}): the file is damaged or of another data set; {}",
                       source, record, kind, label, classes, classes - 1, remedy_));
  };
  for (size_t at = 0; at < records.size(); at += format_.RecordBytes()) {
    if (format_.coarse_classes > 0) TRY(check(at, 0, "coarse label", format_.coarse_classes));
    TRY(check(at, format_.LabelBytes() - 1, "label", format_.classes));
  }
  return {};
}

void RecordReader::Keep(std::string_view records) {
  for (size_t at = 0; at < records.size(); at += format_.RecordBytes()) {
    const std::string_view record = records.substr(at, format_.RecordBytes());
    kept_->labels.push_back(static_cast<uint8_t>(record[format_.LabelBytes() - 1]));
    const std::string_view pixels = record.substr(format_.LabelBytes());
    kept_->pixels.insert(kept_->pixels.end(), pixels.begin(), pixels.end());
  }
}

RecordSummary RecordReader::Finish() {
  const Sha256::Digest digest = hash_.Finish();
  return {.records = records_, .sha256 = Hex(digest.data(), digest.size())};
}

Result<int64_t> BytesOf(const fs::path& file) {
  std::error_code error;
  const uintmax_t bytes = fs::file_size(file, error);
  if (error == std::errc::no_such_file_or_directory) {
    return Fail(ErrorKind::kNotFound, Format("{}: does not exist", file.string()));
  }
  if (error) {
    return Fail(ErrorKind::kIo, Format("{}: cannot be read: {}", file.string(), error.message()));
  }
  if (bytes <= static_cast<uintmax_t>(kRecordFileBytesMax)) return static_cast<int64_t>(bytes);
  return Fail(ErrorKind::kInvalidInput, Format("{}: larger than the {} bytes allowed for images",
                                               file.string(), kRecordFileBytesMax));
}

}  // namespace archsweep
