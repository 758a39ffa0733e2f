#include "worker/data/dataset.h"

#include <system_error>
#include <vector>

#include "base/text.h"
#include "worker/data/dataset_files.h"
#include "worker/data/packed_file.h"
#include "worker/data/record_format.h"
#include "worker/data/synthetic.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

enum class ExtraImages { kNone, kIfThere, kRequired };

// What a message calls the place of a data set.
std::string PlaceOf(const DatasetContent& found) {
  return found.registered.layout == DatasetLayout::kSynthetic ? "the synthetic data set"
                                                              : found.folder.string();
}

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Reads one data set; the images go to `kept`, unless that is null.
class DatasetScan {
 public:
  DatasetScan(const fs::path& data_root, const RegisteredDataset& registered, Dataset* kept)
      : kept_(kept) {
    found_.registered = registered;
    found_.folder = data_root / registered.folder;
  }

  Result<DatasetContent> Run(ExtraImages extra, const WorkProgress& progress);

 private:
  // Finds the files and counts their bytes.
  Status Find(ExtraImages extra);
  Status FindRecords();
  Status FindPacked();
  Status FindExtra(ExtraImages extra);

  Status Read(Work& work);
  Status ReadRecords(Work& work);
  Status ReadPacked(Work& work);
  Status ReadSynthetic(Work& work);
  Status ReadExtra(Work& work);
  RecordReader ReaderOf(ImageSet Dataset::*part, const RecordFormat& format, std::string remedy,
                        Work& work) const {
    return {format, kept_ == nullptr ? nullptr : &(kept_->*part), std::move(remedy), work};
  }

  Dataset* kept_;
  DatasetContent found_;
  DatasetFiles files_;
  PackedHeader packed_;
  bool reads_extra_ = false;
  int64_t bytes_ = 0;
};

Result<DatasetContent> DatasetScan::Run(ExtraImages extra, const WorkProgress& progress) {
  TRY(Find(extra));
  Work work(bytes_, progress);
  TRY(Read(work));
  found_.digest = DatasetDigest(found_.train.sha256, found_.test.sha256);
  if (reads_extra_) TRY(ReadExtra(work));
  return found_;
}

Status DatasetScan::Find(ExtraImages extra) {
  switch (found_.registered.layout) {
    case DatasetLayout::kCifar10:
    case DatasetLayout::kCifar100:
      TRY(FindRecords());
      break;
    case DatasetLayout::kPackedJpegs:
      TRY(FindPacked());
      break;
    case DatasetLayout::kSynthetic:
      bytes_ = (found_.registered.train_images + found_.registered.test_images) *
               static_cast<int64_t>(RecordFormatOf(found_.registered).RecordBytes());
      break;
  }
  return FindExtra(extra);
}

Status DatasetScan::FindRecords() {
  TRY_ASSIGN(files_, FindRecordFiles(found_.folder, found_.registered));
  for (const std::vector<fs::path>* files : {&files_.train, &files_.test}) {
    for (const fs::path& file : *files) {
      TRY_ASSIGN(const int64_t bytes, BytesOf(file));
      bytes_ += bytes;
    }
  }
  return {};
}

Status DatasetScan::FindPacked() {
  const auto with_remedy = [&](Error error) {
    error.message += "; " + RemedyFor(found_.registered);
    return error;
  };
  const fs::path file = PackedFileIn(found_.folder);
  TRY_ASSIGN(packed_, ReadPackedHeader(file).map_error(with_remedy));
  const RecordFormat expected = RecordFormatOf(found_.registered);
  if (packed_.dataset != found_.registered.name || packed_.format.size != expected.size ||
      packed_.format.classes != expected.classes) {
    return Fail(ErrorKind::kCorrupt, Format("{}: holds data set '{}'; {}", file.string(),
                                            packed_.dataset, RemedyFor(found_.registered)));
  }
  found_.decoder = packed_.decoder;
  bytes_ += PackedTrainBytes(packed_) + PackedTestBytes(packed_);
  return {};
}

Status DatasetScan::FindExtra(ExtraImages extra) {
  const fs::path file = ExtraFileIn(found_.folder);
  const bool is_there = found_.registered.layout != DatasetLayout::kSynthetic && Exists(file);
  if (extra == ExtraImages::kRequired && !is_there) {
    return Fail(ErrorKind::kNotFound,
                Format("{}: does not exist; {}", file.string(), ExtraRemedyFor(found_.registered)));
  }
  reads_extra_ = is_there && extra != ExtraImages::kNone;
  if (!reads_extra_) return {};
  TRY_ASSIGN(const int64_t bytes, BytesOf(file));
  bytes_ += bytes;
  return {};
}

Status DatasetScan::Read(Work& work) {
  switch (found_.registered.layout) {
    case DatasetLayout::kCifar10:
    case DatasetLayout::kCifar100:
      return ReadRecords(work);
    case DatasetLayout::kPackedJpegs:
      return ReadPacked(work);
    case DatasetLayout::kSynthetic:
      return ReadSynthetic(work);
  }
  return {};
}

Status DatasetScan::ReadRecords(Work& work) {
  const RecordFormat format = RecordFormatOf(found_.registered);
  const std::string remedy = RemedyFor(found_.registered);
  RecordReader train = ReaderOf(&Dataset::train, format, remedy, work);
  for (const fs::path& file : files_.train) TRY(train.ReadFile(file));
  found_.train = train.Finish();
  RecordReader test = ReaderOf(&Dataset::test, format, remedy, work);
  for (const fs::path& file : files_.test) TRY(test.ReadFile(file));
  found_.test = test.Finish();
  return {};
}

Status DatasetScan::ReadPacked(Work& work) {
  const fs::path file = PackedFileIn(found_.folder);
  const std::string remedy = RemedyFor(found_.registered);
  RecordReader train = ReaderOf(&Dataset::train, packed_.format, remedy, work);
  TRY(train.ReadPart(file, kPackedHeaderBytes, PackedTrainBytes(packed_)));
  found_.train = train.Finish();
  RecordReader test = ReaderOf(&Dataset::test, packed_.format, remedy, work);
  TRY(test.ReadPart(file, kPackedHeaderBytes + PackedTrainBytes(packed_),
                    PackedTestBytes(packed_)));
  found_.test = test.Finish();
  if (found_.train.sha256 == packed_.train.sha256 && found_.test.sha256 == packed_.test.sha256) {
    return {};
  }
  return Fail(ErrorKind::kCorrupt,
              Format("{}: was changed since it was made, for its images do not have the checksums "
                     "of its header; {}",
                     file.string(), remedy));
}

Status DatasetScan::ReadSynthetic(Work& work) {
  const RecordFormat format = RecordFormatOf(found_.registered);
  const auto read = [&](SyntheticSplit split, int64_t count, ImageSet Dataset::*part,
                        RecordSummary& summary) -> Status {
    RecordReader reader = ReaderOf(part, format, "this is a mistake of the program", work);
    for (uint32_t i = 0; i < count; ++i) {
      TRY(reader.Take(SyntheticRecord(split, i), "the synthetic data set"));
    }
    summary = reader.Finish();
    return {};
  };
  TRY(read(SyntheticSplit::kTrain, found_.registered.train_images, &Dataset::train, found_.train));
  return read(SyntheticSplit::kTest, found_.registered.test_images, &Dataset::test, found_.test);
}

Status DatasetScan::ReadExtra(Work& work) {
  RecordReader reader = ReaderOf(&Dataset::extra, ExtraFormatOf(found_.registered),
                                 ExtraRemedyFor(found_.registered), work);
  TRY(reader.ReadFile(ExtraFileIn(found_.folder)));
  found_.extra = reader.Finish();
  return {};
}

std::string InSweepFile(const DatasetRef& ref, const DatasetContent& found) {
  return Format("`dataset: {{name: {}, digest: {}}}`", ref.name, found.digest);
}

Status CheckDigest(const DatasetRef& ref, const DatasetContent& found) {
  const std::string& wanted = ref.digest.empty() ? found.registered.content : ref.digest;
  if (found.digest == wanted) return {};
  const std::string held =
      Format("{} holds {} training and {} test images with digest {}", PlaceOf(found),
             found.train.records, found.test.records, found.digest);
  if (wanted.empty()) {
    return Fail(ErrorKind::kInvalidInput,
                Format("the registry holds no digest of data set '{}', so the trial must name it: "
                       "{}; write {} in the sweep file if these are the right files (the published "
                       "ones are {} and {} images)",
                       ref.name, held, InSweepFile(ref, found), found.registered.train_images,
                       found.registered.test_images));
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("{}, but the trial is for data set '{}' with {}digest {}; fetch the right "
                     "files, or write {} in the sweep file to train on these",
                     held, ref.name, ref.digest.empty() ? "the published " : "", wanted,
                     InSweepFile(ref, found)));
}

Status CheckExtra(const DatasetRef& ref, const DatasetContent& found) {
  if (ref.extra.empty() || found.extra->sha256 == ref.extra) return {};
  return Fail(ErrorKind::kInvalidInput,
              Format("{} holds {} images with digest {}, but the trial is for further images with "
                     "digest {}; make the right file, or write `extra: {}` in the sweep file to "
                     "train on these",
                     ExtraFileIn(found.folder).string(), found.extra->records, found.extra->sha256,
                     ref.extra, found.extra->sha256));
}

Result<DatasetContent> Proved(const fs::path& data_root, const DatasetRef& ref,
                              const WorkProgress& progress, Dataset* kept) {
  TRY_ASSIGN(const RegisteredDataset registered, DatasetByName(ref.name));
  DatasetScan scan(data_root, registered, kept);
  TRY_ASSIGN(DatasetContent found,
             scan.Run(ref.extra.empty() ? ExtraImages::kNone : ExtraImages::kRequired, progress));
  TRY(CheckDigest(ref, found));
  TRY(CheckExtra(ref, found));
  return found;
}

}  // namespace

Result<Dataset> LoadDataset(const fs::path& data_root, const DatasetRef& ref,
                            const WorkProgress& progress) {
  Dataset dataset;
  TRY_ASSIGN(const DatasetContent found, Proved(data_root, ref, progress, &dataset));
  dataset.format = found.registered.format;
  dataset.digest = found.digest;
  return dataset;
}

Status VerifyDataset(const fs::path& data_root, const DatasetRef& ref,
                     const WorkProgress& progress) {
  TRY(Proved(data_root, ref, progress, nullptr));
  return {};
}

Result<DatasetContent> InspectDataset(const fs::path& data_root, const std::string& name,
                                      const WorkProgress& progress) {
  TRY_ASSIGN(const RegisteredDataset registered, DatasetByName(name));
  return DatasetScan(data_root, registered, nullptr).Run(ExtraImages::kIfThere, progress);
}

bool HasDatasetFiles(const fs::path& data_root, const RegisteredDataset& dataset) {
  const fs::path folder = data_root / dataset.folder;
  switch (dataset.layout) {
    case DatasetLayout::kCifar10:
    case DatasetLayout::kCifar100:
      return FindRecordFiles(folder, dataset).has_value();
    case DatasetLayout::kPackedJpegs:
      return Exists(PackedFileIn(folder));
    case DatasetLayout::kSynthetic:
      return true;
  }
  return false;
}

}  // namespace archsweep
