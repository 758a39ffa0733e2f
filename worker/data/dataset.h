#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "sweep/trial/dataset.h"
#include "worker/data/image_set.h"
#include "worker/data/record_reader.h"
#include "worker/data/work.h"

namespace archsweep {

// A data set in memory.
struct Dataset {
  ImageFormat format;
  std::string digest;  // DatasetDigest of what was read.
  ImageSet train;
  ImageSet test;
  ImageSet extra;  // Further images to train on; none unless the trial names them.
};

// Reads the data set that `ref` names from its folder below `data_root` and proves by its digest
// that it is the one that `ref` means; the same for the further images, where `ref` names them.
// `progress`, which may be empty, is told bytes. Every message names the folder or file and the
// remedy:
// - kNotFound: folder or files are missing;
// - kCorrupt: a file is cut off or damaged;
// - kInvalidInput: an unknown name, other data than `ref` means, or `ref` holds no digest (the
//   message then tells the digest that was found, for use in the sweep file);
// - kInterrupted: `progress` asked to stop.
Result<Dataset> LoadDataset(const std::filesystem::path& data_root, const DatasetRef& ref,
                            const WorkProgress& progress = {});

// The same checks with the same messages, without keeping the images.
Status VerifyDataset(const std::filesystem::path& data_root, const DatasetRef& ref,
                     const WorkProgress& progress = {});

// What the files of a data set hold, whatever a trial may want.
struct DatasetContent {
  RegisteredDataset registered;
  std::filesystem::path folder;
  RecordSummary train;
  RecordSummary test;
  std::string digest;                  // DatasetDigest of the two.
  std::optional<RecordSummary> extra;  // Where there is such a file.
  std::string decoder;                 // Of packed images, else "".
};

// Reads and checks all files of a registered data set. The errors are those of LoadDataset, without
// any about digests.
Result<DatasetContent> InspectDataset(const std::filesystem::path& data_root,
                                      const std::string& name, const WorkProgress& progress = {});

// Whether the files of a data set are there; what they hold is not looked at.
bool HasDatasetFiles(const std::filesystem::path& data_root, const RegisteredDataset& dataset);

}  // namespace archsweep
