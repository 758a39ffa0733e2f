#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sha256.h"
#include "worker/data/image_set.h"
#include "worker/data/record_format.h"
#include "worker/data/work.h"

namespace archsweep {

// The most that is read of one file: over a million images of Tiny-ImageNet's size.
inline constexpr int64_t kRecordFileBytesMax = int64_t{16} << 30;

// What records hold.
struct RecordSummary {
  int64_t records = 0;
  std::string sha256;  // Of all records, one after the other, in hexadecimal.
};

// Reads one sequence of records, which may be cut into files at any record: checks the labels,
// counts, hashes and, if they are wanted, keeps the images.
class RecordReader {
 public:
  // `kept` may be null. `remedy` ends the messages about damaged files. `kept` and `work`, which is
  // told the bytes, must outlive the reader.
  RecordReader(const RecordFormat& format, ImageSet* kept, std::string remedy, Work& work);

  // Reads a whole file. kCorrupt, with the file and the remedy, if it is empty or cut within a
  // record or a label is not below the number of classes; kInterrupted.
  Status ReadFile(const std::filesystem::path& file);

  // Reads the `bytes` bytes of `file` that begin at `offset`: whole records (asserted). kCorrupt
  // also if the file ends before them.
  Status ReadPart(const std::filesystem::path& file, int64_t offset, int64_t bytes);

  // Takes whole records (asserted) as read. `source` is what a message calls them.
  Status Take(std::string_view records, const std::string& source);

  // To be called once, after all records.
  RecordSummary Finish();

 private:
  Status CheckLabels(std::string_view records, const std::string& source) const;
  void Keep(std::string_view records);

  RecordFormat format_;
  ImageSet* kept_;
  std::string remedy_;
  Work& work_;
  Sha256 hash_;
  int64_t records_ = 0;
};

// The length of a file; kNotFound or kIo.
Result<int64_t> BytesOf(const std::filesystem::path& file);

}  // namespace archsweep
