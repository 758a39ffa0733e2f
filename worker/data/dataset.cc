#include "worker/data/dataset.h"

#include "base/text.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

struct Found {
  RegisteredDataset registered;
  fs::path folder;
  RecordSummary train;
  RecordSummary test;
  std::string digest;
};

// `kept` is null where only the digest is wanted.
Result<Found> Scan(const fs::path& data_root, const DatasetRef& ref, Dataset* kept) {
  Found found;
  TRY_ASSIGN(found.registered, DatasetByName(ref.name));
  if (found.registered.layout == DatasetLayout::kPlanned) {
    return Fail(ErrorKind::kInvalidInput,
                Format("data set '{}' can be planned, but this version does not train on it; use "
                       "cifar10",
                       ref.name));
  }
  found.folder = data_root / found.registered.folder;
  const int classes = found.registered.format.classes;
  TRY_ASSIGN(const auto train_files, TrainingFiles(found.folder));
  TRY_ASSIGN(const auto test_files, TestFiles(found.folder));
  TRY_ASSIGN(found.train, ReadRecords(train_files, classes, kept ? &kept->train : nullptr));
  TRY_ASSIGN(found.test, ReadRecords(test_files, classes, kept ? &kept->test : nullptr));
  found.digest = DatasetDigest(found.train.sha256, found.test.sha256);
  return found;
}

std::string InSweepFile(const DatasetRef& ref, const Found& found) {
  return Format("`dataset: {{name: {}, digest: {}}}`", ref.name, found.digest);
}

Status CheckDigest(const DatasetRef& ref, const Found& found) {
  if (found.digest == ref.digest) return {};
  const std::string held =
      Format("{} holds {} training and {} test images with digest {}", found.folder.string(),
             found.train.records, found.test.records, found.digest);
  if (ref.digest.empty()) {
    return Fail(ErrorKind::kInvalidInput,
                Format("the registry holds no digest of data set '{}', so the trial must name it: "
                       "{}; write {} in the sweep file if these are the right files (the published "
                       "ones are {} and {} images)",
                       ref.name, held, InSweepFile(ref, found), found.registered.train_images,
                       found.registered.test_images));
  }
  return Fail(
      ErrorKind::kInvalidInput,
      Format("{}, but the trial is for data set '{}' with digest {}; fetch the right files, "
             "or write {} in the sweep file to train on these",
             held, ref.name, ref.digest, InSweepFile(ref, found)));
}

}  // namespace

Result<Dataset> LoadDataset(const fs::path& data_root, const DatasetRef& ref) {
  Dataset dataset;
  TRY_ASSIGN(const Found found, Scan(data_root, ref, &dataset));
  TRY(CheckDigest(ref, found));
  dataset.format = found.registered.format;
  dataset.digest = found.digest;
  return dataset;
}

Status VerifyDataset(const fs::path& data_root, const DatasetRef& ref) {
  TRY_ASSIGN(const Found found, Scan(data_root, ref, nullptr));
  return CheckDigest(ref, found);
}

}  // namespace archsweep
