#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "sweep/trial/dataset.h"
#include "worker/data/cifar_records.h"

namespace archsweep {

// A data set in memory.
struct Dataset {
  ImageFormat format;
  std::string digest;  // DatasetDigest of what was read.
  ImageSet train;
  ImageSet test;
};

// Reads the data set that `ref` names from its folder below `data_root` and proves by its digest
// that it is the one that `ref` means. Every message names the folder or file and the remedy:
// - kNotFound: folder or files are missing;
// - kCorrupt: a file is cut off or damaged;
// - kInvalidInput: an unknown name, other data than `ref` means, or `ref` holds no digest (the
//   message then tells the digest that was found, for use in the sweep file).
Result<Dataset> LoadDataset(const std::filesystem::path& data_root, const DatasetRef& ref);

// The same checks with the same messages, without keeping the images.
Status VerifyDataset(const std::filesystem::path& data_root, const DatasetRef& ref);

}  // namespace archsweep
