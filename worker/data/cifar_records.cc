#include "worker/data/cifar_records.h"

#include <string_view>

#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kTrainingFilesMax = 5;
constexpr std::string_view kFetchAgain = "fetch the file again";

Status CheckFolder(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return {};
  return Fail(ErrorKind::kNotFound,
              Format("{}: there is no such folder; the record files of the data set "
                     "(data_batch_1.bin, ..., test_batch.bin) are looked for in it",
                     folder.string()));
}

Status CheckLength(const fs::path& file, size_t bytes) {
  if (bytes == 0) {
    return Fail(ErrorKind::kCorrupt, Format("{}: is empty; {}", file.string(), kFetchAgain));
  }
  if (bytes % kRecordBytes == 0) return {};
  return Fail(
      ErrorKind::kCorrupt,
      Format("{}: has {} bytes, which is no multiple of the {} bytes of a record: it is cut "
             "off or not in CIFAR-10's binary format; {}",
             file.string(), bytes, kRecordBytes, kFetchAgain));
}

Status CheckLabels(const fs::path& file, std::string_view content, int classes) {
  for (size_t at = 0; at < content.size(); at += kRecordBytes) {
    const int label = static_cast<uint8_t>(content[at]);
    if (label < classes) continue;
    return Fail(
        ErrorKind::kCorrupt,
        Format("{}: record {} has label {}, but the data set has only {} classes (0 to {}): "
               "the file is damaged or of another data set; {}",
               file.string(), at / kRecordBytes, label, classes, classes - 1, kFetchAgain));
  }
  return {};
}

void Append(std::string_view content, ImageSet& images) {
  const size_t records = content.size() / kRecordBytes;
  images.pixels.reserve(images.pixels.size() + records * kImageBytes);
  images.labels.reserve(images.labels.size() + records);
  for (size_t i = 0; i < records; ++i) {
    const std::string_view record = content.substr(i * kRecordBytes, kRecordBytes);
    images.labels.push_back(static_cast<uint8_t>(record.front()));
    images.pixels.insert(images.pixels.end(), record.begin() + 1, record.end());
  }
}

}  // namespace

Result<std::vector<fs::path>> TrainingFiles(const fs::path& folder) {
  TRY(CheckFolder(folder));
  std::vector<fs::path> files;
  for (int i = 1; i <= kTrainingFilesMax; ++i) {
    const fs::path file = folder / Format("data_batch_{}.bin", i);
    std::error_code ignored;
    if (fs::exists(file, ignored)) files.push_back(file);
  }
  if (!files.empty()) return files;
  return Fail(ErrorKind::kNotFound,
              Format("{}: none of data_batch_1.bin to data_batch_{}.bin is there; unpack the "
                     "binary version of the data set into it",
                     folder.string(), kTrainingFilesMax));
}

Result<std::vector<fs::path>> TestFiles(const fs::path& folder) {
  TRY(CheckFolder(folder));
  const fs::path file = folder / "test_batch.bin";
  std::error_code ignored;
  if (fs::exists(file, ignored)) return std::vector{file};
  return Fail(ErrorKind::kNotFound,
              Format("{}: does not exist; unpack the binary version of the data set into {}",
                     file.string(), folder.string()));
}

Result<RecordSummary> ReadRecords(const std::vector<fs::path>& files, int classes, ImageSet* kept) {
  RecordSummary summary;
  Sha256 hash;
  for (const fs::path& file : files) {
    TRY_ASSIGN(const std::string content, ReadFile(file, kRecordFileBytesMax));
    TRY(CheckLength(file, content.size()));
    TRY(CheckLabels(file, content, classes));
    hash.Update(content);
    summary.records += static_cast<int64_t>(content.size() / kRecordBytes);
    if (kept != nullptr) Append(content, *kept);
  }
  const Sha256::Digest digest = hash.Finish();
  summary.sha256 = Hex(digest.data(), digest.size());
  return summary;
}

}  // namespace archsweep
