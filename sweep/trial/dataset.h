#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace archsweep {

// What a network needs to know of its images.
struct ImageFormat {
  int size = 32;  // Pixels a side; images are square RGB.
  int classes = 10;
};

// How the files of a data set are laid out. kPlanned: trials on it can be planned, but this version
// does not read it.
enum class DatasetLayout {
  kCifar10,  // Records of one label byte and 3 x 32 x 32 bytes, red plane first.
  kPlanned,
};

// A data set that archsweep knows by name.
struct RegisteredDataset {
  std::string name;    // As written in a sweep file.
  std::string folder;  // Below the data root.
  std::string digest;  // DatasetDigest of its records, or "" where the registry does not hold it.
  ImageFormat format;
  DatasetLayout layout = DatasetLayout::kCifar10;
  int64_t train_images = 0;
  int64_t test_images = 0;
};

// The content of a data set whatever files it is cut into: the SHA-256 of the two hexadecimal
// SHA-256 digests of all training records and of all test records, one after the other.
std::string DatasetDigest(std::string_view train_records_sha256_hex,
                          std::string_view test_records_sha256_hex);

// A data set as a trial names it: the digest is part of the trial's identity.
struct DatasetRef {
  std::string name;
  std::string
      digest;  // 64 hexadecimal digits; "" stands for the published files of a data set whose
               // digest the registry does not hold: such a trial can be planned but not trained.
  friend bool operator==(const DatasetRef&, const DatasetRef&) = default;
};

std::span<const RegisteredDataset> RegisteredDatasets();

// kInvalidInput with the nearest name if there is none of that name.
Result<RegisteredDataset> DatasetByName(std::string_view name);

}  // namespace archsweep
