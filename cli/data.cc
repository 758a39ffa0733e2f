#include "cli/data.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/stop_signals.h"
#include "cli/work_display.h"

namespace archsweep {
namespace {

constexpr const char* kExamples = R"(Examples:
  archsweep data list                                  which there are, and which are here
  archsweep data download cifar10 --data-root /data    fetch, check and unpack
  archsweep data verify cifar10 --data-root /data      read all of it; is it the published one?
  archsweep data prepare tiny-imagenet                 decode the published JPEGs once
`archsweep run` looks for data sets in 'data' beside the sweep file, or in its --data-root.)";

constexpr const char* kVerifyExamples = R"(Examples:
  archsweep data verify cifar100 --data-root /data
  archsweep data verify tiny-imagenet --digest 9121f0b2...
Prints what to write into a sweep file. Exit code 1 if files are damaged, or hold other images than
--digest or, without it, the registry says.)";

struct VerifyFlags {
  DataFlags data;
  std::string digest;
};

Status List(const DataFlags& flags) {
  RowPrinter printer({{"name"},
                      {"train_images"},
                      {"test_images"},
                      {"classes"},
                      {"size"},
                      {"folder"},
                      {"found"},
                      {"digest", Column::Style::kId},
                      {"download_bytes", Column::Style::kCount},
                      {"url"}},
                     flags.format, std::cout);
  for (const RegisteredDataset& dataset : RegisteredDatasets()) {
    const auto text = [](const std::string& value) { return value.empty() ? Cell() : Cell(value); };
    printer.Add({dataset.name, dataset.train_images, dataset.test_images,
                 int64_t{dataset.format.classes}, int64_t{dataset.format.size},
                 text(dataset.folder), HasDatasetFiles(flags.data_root, dataset),
                 text(dataset.content), dataset.archive ? Cell(dataset.archive->bytes) : Cell(),
                 dataset.archive ? Cell(dataset.archive->url) : Cell()});
  }
  return printer.Finish();
}

// What a trial on these files says of them.
std::string InSweepFile(const DatasetContent& content) {
  const std::string extra = content.extra ? Format(", extra: {}", content.extra->sha256) : "";
  if (content.digest == content.registered.content && extra.empty()) {
    return Format("dataset: {}", content.registered.name);
  }
  const std::string digest =
      content.digest == content.registered.content ? "" : Format(", digest: {}", content.digest);
  return Format("dataset: {{name: {}{}{}}}", content.registered.name, digest, extra);
}

Status Verify(const VerifyFlags& flags) {
  const StopSignals signals;
  WorkDisplay display(signals);
  TRY_ASSIGN(const DatasetContent content,
             InspectDataset(flags.data.data_root, flags.data.name,
                            display.Show("reading " + flags.data.name, WorkUnit::kBytes)));
  const bool is_registered = flags.digest.empty();
  const std::string wanted = is_registered ? content.registered.content : flags.digest;
  TRY(PrintContent(content, wanted, flags.data.format));
  if (wanted.empty() || wanted == content.digest) return {};
  return Fail(ErrorKind::kCorrupt,
              Format("{} does not hold the {} images of '{}', whose digest is {}; fetch the right "
                     "files, or name these in the sweep file as above",
                     content.folder.string(), is_registered ? "published" : "wanted",
                     flags.data.name, wanted));
}

void AddListCommand(CLI::App& data, ExitCode& exit_code) {
  const auto flags = std::make_shared<DataFlags>();
  CLI::App* const list = data.add_subcommand("list", "Show the data sets that archsweep knows");
  list->footer(
      "Examples:\n  archsweep data list --data-root /data\n  archsweep data list --format json\n"
      "`found` says whether the files are there, not whether they are whole: that says verify.");
  AddDataOptions(*list, *flags, false);
  list->callback([flags, &exit_code] { exit_code = ReportEnd(List(*flags)); });
}

void AddVerifyCommand(CLI::App& data, ExitCode& exit_code) {
  const auto flags = std::make_shared<VerifyFlags>();
  CLI::App* const verify =
      data.add_subcommand("verify", "Read all of a data set and print its digest");
  verify->footer(kVerifyExamples);
  AddDataOptions(*verify, flags->data, true);
  verify->add_option("--digest", flags->digest, "What it should be, instead of the registry's");
  verify->callback([flags, &exit_code] { exit_code = ReportEnd(Verify(*flags)); });
}

}  // namespace

void AddDataOptions(CLI::App& command, DataFlags& flags, bool has_name) {
  if (has_name) command.add_option("name", flags.name, "Name of the data set")->required();
  command.add_option("--data-root", flags.data_root, "Folder of the data sets")
      ->capture_default_str();
  AddFormatOption(command, flags.format);
}

Status PrintContent(const DatasetContent& content, const std::string& wanted, RowFormat format) {
  const auto extra = [&](auto member) {
    return content.extra ? Cell((*content.extra).*member) : Cell();
  };
  RowPrinter printer({{"name"},
                      {"folder"},
                      {"train_images"},
                      {"test_images"},
                      {"digest"},
                      {"matches"},
                      {"extra_images"},
                      {"extra_digest"},
                      {"decoder"}},
                     format, std::cout);
  printer.Add({content.registered.name, content.folder.string(), content.train.records,
               content.test.records, content.digest,
               wanted.empty() ? Cell() : Cell(wanted == content.digest),
               extra(&RecordSummary::records), extra(&RecordSummary::sha256),
               content.decoder.empty() ? Cell() : Cell(content.decoder)});
  TRY(printer.Finish());
  const bool for_people = format == RowFormat::kTable;
  (for_people ? std::cout << '\n' : std::cerr)
      << "In a sweep file:\n\n  " << InSweepFile(content) << "\n"
      << std::flush;
  return {};
}

void AddDataCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* const data = app.add_subcommand("data", "List, verify, prepare and download data sets");
  data->footer(kExamples);
  data->require_subcommand(1);
  AddListCommand(*data, exit_code);
  AddVerifyCommand(*data, exit_code);
  AddDataPrepareCommand(*data, exit_code);
  AddDataDownloadCommand(*data, exit_code);
}

}  // namespace archsweep
