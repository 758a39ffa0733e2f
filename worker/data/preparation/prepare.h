#pragma once

#include <filesystem>

#include "base/result.h"
#include "sweep/trial/dataset.h"
#include "worker/data/work.h"

namespace archsweep {

// Makes the files that a trainer reads below `data_root` out of the published ones in `from`: packs
// JPEGs, decoded, into packed.bin; checks and copies record files (nothing is done where `from` is
// the place itself). Each file appears whole or not at all. `progress` is told images of JPEGs,
// bytes of record files. kNotFound, kCorrupt (with the file), kIo; kInterrupted; kInvalidInput for
// a data set without files.
Status PrepareDataset(const std::filesystem::path& data_root, const RegisteredDataset& dataset,
                      const std::filesystem::path& from, const WorkProgress& progress);

// Checks `records` (a label byte and the pixels, as in CIFAR-10) and copies them to extra.bin
// beside the data set's own files. `progress` is told bytes.
Status PrepareExtra(const std::filesystem::path& data_root, const RegisteredDataset& dataset,
                    const std::filesystem::path& records, const WorkProgress& progress);

}  // namespace archsweep
