#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "base/sha256.h"
#include "base/text.h"
#include "cli/data.h"
#include "cli/stop_signals.h"
#include "cli/work_display.h"
#include "worker/data/preparation/download.h"
#include "worker/data/preparation/prepare.h"
#include "worker/data/preparation/unpack.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

struct DownloadFlags {
  DataFlags data;
  std::string url;
  std::string sha256;
  bool keeps_archive = false;
};

constexpr const char* kExamples = R"(Examples:
  archsweep data download cifar10
  archsweep data download tiny-imagenet --data-root /data
  archsweep data download cifar100 --url http://mirror.local/cifar-100-binary.tar.gz
The same command goes on with an interrupted download. What comes must have the registry's SHA-256;
--sha256 states that of another archive. JPEGs are then prepared, and all is read back.)";

Result<PublishedArchive> ArchiveOf(const DownloadFlags& flags, const RegisteredDataset& dataset) {
  if (!dataset.archive) {
    return Fail(ErrorKind::kInvalidInput,
                Format("data set '{}' is not published for download; it comes with archsweep",
                       dataset.name));
  }
  PublishedArchive archive = *dataset.archive;
  if (!flags.url.empty()) archive.url = flags.url;
  if (!flags.sha256.empty()) {
    archive.sha256 = flags.sha256;
    archive.bytes = 0;
  }
  return archive;
}

// Other images that lie there are somebody's, and are not overwritten.
Result<bool> IsThere(const fs::path& root, const RegisteredDataset& dataset, WorkDisplay& display) {
  if (!HasDatasetFiles(root, dataset)) return false;
  TRY_ASSIGN(
      const DatasetContent content,
      InspectDataset(root, dataset.name, display.Show("reading what is there", WorkUnit::kBytes)));
  if (dataset.content.empty() || content.digest == dataset.content) return true;
  return Fail(ErrorKind::kInvalidInput,
              Format("{} holds other images than the published ones; move it away, or give another "
                     "--data-root",
                     content.folder.string()));
}

// Unpacks beside the data sets and moves files into place when all are there.
Status UnpackInto(const fs::path& root, const RegisteredDataset& dataset, const fs::path& archive,
                  WorkDisplay& display) {
  const fs::path scratch = root / Format("{}.unpacking", dataset.folder);
  std::error_code ignored;
  fs::remove_all(scratch, ignored);
  Status unpacked = Unpack(archive, scratch, display.Show("unpacking", WorkUnit::kBytes));
  if (unpacked && !fs::is_directory(scratch / dataset.folder, ignored)) {
    unpacked = Fail(ErrorKind::kCorrupt,
                    Format("{}: holds no folder {}", archive.string(), dataset.folder));
  }
  if (unpacked) unpacked = MoveFiles(scratch / dataset.folder, root / dataset.folder);
  fs::remove_all(scratch, ignored);
  return unpacked;
}

Status Fetch(const fs::path& root, const RegisteredDataset& dataset,
             const PublishedArchive& archive, const fs::path& file, WorkDisplay& display) {
  std::error_code ignored;
  if (!fs::exists(file, ignored) || Sha256HexOfFile(file) != archive.sha256) {
    TRY(Download(archive, file, display.Show("downloading", WorkUnit::kBytes)));
  }
  TRY(UnpackInto(root, dataset, file, display));
  if (dataset.layout != DatasetLayout::kPackedJpegs) return {};
  return PrepareDataset(root, dataset, root / dataset.folder,
                        display.Show("decoding", WorkUnit::kImages));
}

Status DownloadDataset(const DownloadFlags& flags) {
  const StopSignals signals;
  WorkDisplay display(signals);
  const fs::path root = flags.data.data_root;
  TRY_ASSIGN(const RegisteredDataset dataset, DatasetByName(flags.data.name));
  TRY_ASSIGN(const PublishedArchive archive, ArchiveOf(flags, dataset));
  TRY_ASSIGN(const bool is_there, IsThere(root, dataset, display));
  if (is_there) {
    std::fprintf(stderr, "%s is there already\n", dataset.name.c_str());
  } else {
    const fs::path file = root / fs::path(dataset.archive->url).filename();
    TRY(Fetch(root, dataset, archive, file, display));
    std::error_code ignored;
    if (!flags.keeps_archive) fs::remove(file, ignored);
  }
  TRY_ASSIGN(const DatasetContent content,
             InspectDataset(root, dataset.name, display.Show("reading back", WorkUnit::kBytes)));
  return PrintContent(content, dataset.content, flags.data.format);
}

}  // namespace

void AddDataDownloadCommand(CLI::App& data, ExitCode& exit_code) {
  const auto flags = std::make_shared<DownloadFlags>();
  CLI::App* const download =
      data.add_subcommand("download", "Fetch a published data set, check and unpack it");
  download->footer(kExamples);
  AddDataOptions(*download, flags->data, true);
  download->add_option("--url", flags->url, "Where to fetch the archive from instead");
  download->add_option("--sha256", flags->sha256, "SHA-256 of the archive there, if it is another");
  download->add_flag("--keep-archive", flags->keeps_archive, "Leave the archive in the data root");
  download->callback([flags, &exit_code] { exit_code = ReportEnd(DownloadDataset(*flags)); });
}

}  // namespace archsweep
