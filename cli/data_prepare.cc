#include <filesystem>
#include <memory>
#include <string>

#include "base/text.h"
#include "cli/data.h"
#include "cli/stop_signals.h"
#include "cli/work_display.h"
#include "worker/data/preparation/prepare.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

struct PrepareFlags {
  DataFlags data;
  std::string from;
  std::string extra;
};

constexpr const char* kExamples = R"(Examples:
  archsweep data prepare tiny-imagenet                 from tiny-imagenet-200 in the data root
  archsweep data prepare tiny-imagenet --from /published/tiny-imagenet-200
  archsweep data prepare cifar10 --from /published/cifar-10-batches-bin
  archsweep data prepare cifar10 --extra records.bin   further, pseudo-labelled images
Tiny-ImageNet's JPEGs are decoded once into one file. Other files are checked and copied.
docs/data.md says how records are made of the published 500,000 images.)";

Status CheckFlags(const PrepareFlags& flags, const RegisteredDataset& dataset) {
  const bool has_default = dataset.layout == DatasetLayout::kPackedJpegs;
  if (has_default || dataset.layout == DatasetLayout::kSynthetic || !flags.from.empty() ||
      !flags.extra.empty()) {
    return {};
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("data set '{}' is read as it is published, so say what to prepare: --from "
                     "copies its files from a folder, --extra adds further images",
                     dataset.name));
}

Status Prepare(const PrepareFlags& flags) {
  const StopSignals signals;
  WorkDisplay display(signals);
  const fs::path root = flags.data.data_root;
  TRY_ASSIGN(const RegisteredDataset dataset, DatasetByName(flags.data.name));
  TRY(CheckFlags(flags, dataset));
  if (!flags.from.empty() || flags.extra.empty()) {
    const bool decodes = dataset.layout == DatasetLayout::kPackedJpegs;
    TRY(PrepareDataset(root, dataset,
                       flags.from.empty() ? root / dataset.folder : fs::path(flags.from),
                       display.Show(decodes ? "decoding" : "copying",
                                    decodes ? WorkUnit::kImages : WorkUnit::kBytes)));
  }
  if (!flags.extra.empty()) {
    TRY(PrepareExtra(root, dataset, flags.extra,
                     display.Show("copying further images", WorkUnit::kBytes)));
  }
  TRY_ASSIGN(const DatasetContent content,
             InspectDataset(root, dataset.name, display.Show("reading back", WorkUnit::kBytes)));
  return PrintContent(content, dataset.content, flags.data.format);
}

}  // namespace

void AddDataPrepareCommand(CLI::App& data, ExitCode& exit_code) {
  const auto flags = std::make_shared<PrepareFlags>();
  CLI::App* const prepare =
      data.add_subcommand("prepare", "Make the files to train on out of published ones");
  prepare->footer(kExamples);
  AddDataOptions(*prepare, flags->data, true);
  prepare->add_option("--from", flags->from, "Folder of the published files");
  prepare->add_option("--extra", flags->extra,
                      "File of further images: records of a label byte and the pixels");
  prepare->callback([flags, &exit_code] { exit_code = ReportEnd(Prepare(*flags)); });
}

}  // namespace archsweep
