#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace archsweep {

// CIFAR-10's binary format: a file is a sequence of records, each one label byte and then the red,
// green and blue planes of 32 x 32 pixels, row by row.
inline constexpr size_t kImageBytes = size_t{3} * 32 * 32;
inline constexpr size_t kRecordBytes = 1 + kImageBytes;
inline constexpr size_t kRecordFileBytesMax = size_t{1} << 30;

// Images and labels in the order of their records.
struct ImageSet {
  std::vector<uint8_t> pixels;  // [count, 3, 32, 32]
  std::vector<uint8_t> labels;  // [count]
  int64_t Count() const { return static_cast<int64_t>(labels.size()); }
};

// What record files hold.
struct RecordSummary {
  int64_t records = 0;
  std::string sha256;  // Of all records, one after the other, in hexadecimal.
};

// The files data_batch_1.bin .. data_batch_5.bin of `folder`, those that exist, in this order.
// kNotFound if there is no such folder or none of the files is in it.
Result<std::vector<std::filesystem::path>> TrainingFiles(const std::filesystem::path& folder);

// The file test_batch.bin of `folder`. kNotFound if it is not there.
Result<std::vector<std::filesystem::path>> TestFiles(const std::filesystem::path& folder);

// Reads files of any number of records and appends these to `kept`; a null `kept` only checks and
// counts them. kCorrupt, with the file and the remedy, if a file is empty or cut within a record or
// a label is not below `classes`.
Result<RecordSummary> ReadRecords(const std::vector<std::filesystem::path>& files, int classes,
                                  ImageSet* kept);

}  // namespace archsweep
