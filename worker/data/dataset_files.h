#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "sweep/trial/dataset.h"

namespace archsweep {

// Where a data set lies.
struct DatasetFiles {
  std::filesystem::path folder;
  std::vector<std::filesystem::path> train;
  std::vector<std::filesystem::path> test;
};

// The record files of a data set of CIFAR's layouts in `folder`: those of the training files
// data_batch_1.bin .. data_batch_5.bin that exist, in this order, and test_batch.bin; in CIFAR-100
// train.bin and test.bin. kNotFound, with the remedy, if the folder, all training files or the test
// file are missing.
Result<DatasetFiles> FindRecordFiles(const std::filesystem::path& folder,
                                     const RegisteredDataset& dataset);

// The packed file of a data set of decoded JPEGs.
std::filesystem::path PackedFileIn(const std::filesystem::path& folder);

// The further images of any data set.
std::filesystem::path ExtraFileIn(const std::filesystem::path& folder);

// "`archsweep data download cifar10` fetches it": what a user does about missing or damaged files.
std::string RemedyFor(const RegisteredDataset& dataset);
std::string ExtraRemedyFor(const RegisteredDataset& dataset);

}  // namespace archsweep
