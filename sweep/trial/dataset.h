#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace archsweep {

// What a network needs to know of its images.
struct ImageFormat {
  int size = 32;  // Pixels a side; images are square RGB.
  int classes = 10;
};

// How the files of a data set are laid out.
enum class DatasetLayout {
  kCifar10,      // data_batch_1.bin ... test_batch.bin: records of a label byte and the pixels.
  kCifar100,     // train.bin, test.bin: records of a coarse label, a label and the pixels.
  kPackedJpegs,  // packed.bin, which `archsweep data prepare` makes of the published JPEGs.
  kSynthetic,    // No files: computed, for tests and first steps.
};

// Where the published files come from.
struct PublishedArchive {
  std::string url;
  int64_t bytes = 0;
  std::string sha256;  // Of the archive, in hexadecimal.
};

// A data set that archsweep knows by name.
struct RegisteredDataset {
  std::string name;    // As written in a sweep file.
  std::string folder;  // Below the data root.
  // Of a DatasetRef that gives no other. "" for those that were named before their content was
  // known, so that the ids of their trials stay.
  std::string digest;
  std::string content;  // DatasetDigest of the published records, or "" where it is not known.
  ImageFormat format;
  DatasetLayout layout = DatasetLayout::kCifar10;
  int64_t train_images = 0;
  int64_t test_images = 0;
  std::optional<PublishedArchive> archive;  // It unpacks into `folder`.
};

// The content of a data set whatever files it is cut into: the SHA-256 of the two hexadecimal
// SHA-256 digests of all training records and of all test records, one after the other.
std::string DatasetDigest(std::string_view train_records_sha256_hex,
                          std::string_view test_records_sha256_hex);

// A data set as a trial names it: the digests are part of the trial's identity.
struct DatasetRef {
  std::string name;
  // DatasetDigest of its records; "" stands for the published ones. Where the registry does not
  // know the content of those, such a trial can be planned but not trained.
  std::string digest;
  std::string extra;  // SHA-256 of the records of extra.bin, further images to train on; "": none.
  friend bool operator==(const DatasetRef&, const DatasetRef&) = default;
};

// The part of a trial's canonical configuration that names its data.
Json ToJson(const DatasetRef& ref);

// Reads what ToJson wrote; the exceptions of nlohmann-json leave it where something is missing.
DatasetRef DatasetRefFrom(const Json& json);

std::span<const RegisteredDataset> RegisteredDatasets();

// kInvalidInput with the nearest name if there is none of that name.
Result<RegisteredDataset> DatasetByName(std::string_view name);

}  // namespace archsweep
