#include "worker/data/preparation/prepare.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "worker/data/dataset_files.h"
#include "worker/data/packed_file.h"
#include "worker/data/preparation/jpeg.h"
#include "worker/data/preparation/jpeg_tree.h"
#include "worker/data/preparation/staged_file.h"
#include "worker/data/record_format.h"
#include "worker/data/record_reader.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kJpegBytesMax = size_t{16} << 20;

std::string HexOf(Sha256& hash) {
  const Sha256::Digest digest = hash.Finish();
  return Hex(digest.data(), digest.size());
}

// Decodes the images of one part into records behind what `target` holds.
Result<RecordSummary> Pack(const std::vector<LabelledFile>& files, const RecordFormat& format,
                           StagedFile& target, Work& work) {
  Sha256 hash;
  std::vector<uint8_t> record(format.RecordBytes());
  const std::span<uint8_t> planes = std::span(record).subspan(format.LabelBytes());
  for (const LabelledFile& image : files) {
    const auto with_file = [&](Error error) {
      return WithContext(std::move(error), image.file.string());
    };
    TRY_ASSIGN(const std::string bytes, ReadFile(image.file, kJpegBytesMax));
    TRY(DecodeJpeg(bytes, format.size, planes).map_error(with_file));
    record.front() = image.label;
    const std::string_view text(reinterpret_cast<const char*>(record.data()), record.size());
    hash.Update(text);
    TRY(target.Append(text));
    TRY(work.Advance(1));
  }
  return RecordSummary{.records = static_cast<int64_t>(files.size()), .sha256 = HexOf(hash)};
}

Status PackJpegs(const fs::path& target, const RegisteredDataset& dataset, const fs::path& from,
                 const WorkProgress& progress) {
  TRY_ASSIGN(const JpegTree tree, FindJpegs(from, dataset.format.classes));
  Work work(static_cast<int64_t>(tree.train.size() + tree.test.size()), progress);
  TRY_ASSIGN(StagedFile file, StagedFile::Create(target));
  PackedHeader header = {
      .dataset = dataset.name, .format = RecordFormatOf(dataset), .decoder = JpegDecoder()};
  // The header comes last, for it holds the checksums.
  TRY(file.Append(std::string(kPackedHeaderBytes, ' ')));
  TRY_ASSIGN(header.train, Pack(tree.train, header.format, file, work));
  TRY_ASSIGN(header.test, Pack(tree.test, header.format, file, work));
  TRY(file.Overwrite(0, PackedHeaderText(header)));
  return file.Commit();
}

Status Copy(const fs::path& from, const fs::path& to, Work& work) {
  constexpr size_t kPieceBytes = size_t{1} << 20;
  const UniqueFd source(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source.Valid()) return tl::unexpected(SystemError(from, "be opened"));
  TRY_ASSIGN(StagedFile target, StagedFile::Create(to));
  std::string piece(kPieceBytes, '\0');
  while (true) {
    const ssize_t count = read(source.Get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::unexpected(SystemError(from, "be read"));
    if (count == 0) return target.Commit();
    TRY(target.Append(std::string_view(piece).substr(0, static_cast<size_t>(count))));
    TRY(work.Advance(count));
  }
}

// All are checked before the first is copied.
Status CheckAndCopy(const std::vector<fs::path>& files, const fs::path& folder,
                    const RecordFormat& format, const WorkProgress& progress) {
  int64_t bytes = 0;
  for (const fs::path& file : files) {
    TRY_ASSIGN(const int64_t of_file, BytesOf(file));
    bytes += 2 * of_file;
  }
  Work work(bytes, progress);
  RecordReader reader(format, nullptr, "fetch the file again", work);
  for (const fs::path& file : files) TRY(reader.ReadFile(file));
  for (const fs::path& file : files) TRY(Copy(file, folder / file.filename(), work));
  return {};
}

bool IsSamePlace(const fs::path& a, const fs::path& b) {
  std::error_code ignored;
  return fs::equivalent(a, b, ignored);
}

}  // namespace

Status PrepareDataset(const fs::path& data_root, const RegisteredDataset& dataset,
                      const fs::path& from, const WorkProgress& progress) {
  const fs::path folder = data_root / dataset.folder;
  switch (dataset.layout) {
    case DatasetLayout::kPackedJpegs:
      return PackJpegs(PackedFileIn(folder), dataset, from, progress);
    case DatasetLayout::kCifar10:
    case DatasetLayout::kCifar100: {
      TRY_ASSIGN(const DatasetFiles found, FindRecordFiles(from, dataset));
      if (IsSamePlace(from, folder)) return {};
      std::vector<fs::path> files = found.train;
      files.insert(files.end(), found.test.begin(), found.test.end());
      return CheckAndCopy(files, folder, RecordFormatOf(dataset), progress);
    }
    case DatasetLayout::kSynthetic:
      break;
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("data set '{}' is computed and has no files to prepare", dataset.name));
}

Status PrepareExtra(const fs::path& data_root, const RegisteredDataset& dataset,
                    const fs::path& records, const WorkProgress& progress) {
  if (dataset.layout == DatasetLayout::kSynthetic) {
    return Fail(
        ErrorKind::kInvalidInput,
        Format("data set '{}' is computed and has no folder for further images", dataset.name));
  }
  TRY_ASSIGN(const int64_t bytes, BytesOf(records));
  Work work(2 * bytes, progress);
  RecordReader reader(ExtraFormatOf(dataset), nullptr, "write its records again", work);
  TRY(reader.ReadFile(records));
  const fs::path target = ExtraFileIn(data_root / dataset.folder);
  return IsSamePlace(records, target) ? Status{} : Copy(records, target, work);
}

}  // namespace archsweep
