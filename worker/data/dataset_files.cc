#include "worker/data/dataset_files.h"

#include <system_error>

#include "base/text.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kTrainingFilesMax = 5;  // Of CIFAR-10.

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::vector<fs::path> TrainingFiles(const fs::path& folder, DatasetLayout layout) {
  if (layout == DatasetLayout::kCifar100) return {folder / "train.bin"};
  std::vector<fs::path> files;
  for (int i = 1; i <= kTrainingFilesMax; ++i) {
    files.push_back(folder / Format("data_batch_{}.bin", i));
  }
  return files;
}

fs::path TestFile(const fs::path& folder, DatasetLayout layout) {
  return folder / (layout == DatasetLayout::kCifar100 ? "test.bin" : "test_batch.bin");
}

}  // namespace

Result<DatasetFiles> FindRecordFiles(const fs::path& folder, const RegisteredDataset& dataset) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    return Fail(ErrorKind::kNotFound,
                Format("{}: there is no such folder; {}", folder.string(), RemedyFor(dataset)));
  }
  DatasetFiles files{.folder = folder, .train = {}, .test = {TestFile(folder, dataset.layout)}};
  const std::vector<fs::path> training = TrainingFiles(folder, dataset.layout);
  for (const fs::path& file : training) {
    if (Exists(file)) files.train.push_back(file);
  }
  const auto missing = [&](const fs::path& file) {
    return Fail(ErrorKind::kNotFound,
                Format("{}: does not exist; {}", file.string(), RemedyFor(dataset)));
  };
  if (files.train.empty()) return missing(training.front());
  if (!Exists(files.test.front())) return missing(files.test.front());
  return files;
}

fs::path PackedFileIn(const fs::path& folder) { return folder / "packed.bin"; }

fs::path ExtraFileIn(const fs::path& folder) { return folder / "extra.bin"; }

std::string RemedyFor(const RegisteredDataset& dataset) {
  if (!dataset.archive) return "copy it again from examples/data of the source";
  if (dataset.layout != DatasetLayout::kPackedJpegs) {
    return Format("`archsweep data download {}` fetches it", dataset.name);
  }
  return Format(
      "`archsweep data prepare {}` makes it of the published images, and `archsweep data "
      "download {}` fetches those",
      dataset.name, dataset.name);
}

std::string ExtraRemedyFor(const RegisteredDataset& dataset) {
  return Format("`archsweep data prepare {} --extra FILE` makes it of a file of records",
                dataset.name);
}

}  // namespace archsweep
