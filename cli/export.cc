#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/print_rows.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kViews = {"v_result", "v_evaluation", "v_curve",    "v_membership",
                                         "v_task",   "v_progress",   "v_failures", "v_attempt",
                                         "v_sweep",  "v_trial",      "v_worker",   "v_why"};

struct ExportFlags {
  SourceFlags source;
  std::string view = "v_result";
  std::string output;
  RowFormat format = RowFormat::kCsv;
};

constexpr const char* kExamples = R"(Examples:
  archsweep export > results.csv
  archsweep export --view v_curve --format jsonl --output curves.jsonl
  archsweep export --shared /shared/depth > results.csv     by its coordinator)";

// Under a temporary name until it is whole.
Status ExportToFile(const DataSource& source, const SqlQuery& query, RowFormat format,
                    const fs::path& output) {
  const fs::path temporary = output.string() + ".tmp";
  std::ofstream file(temporary);
  if (!file) return tl::unexpected(SystemError(temporary, "be created"));
  Status printed = PrintRows(source, query, {.format = format}, file);
  file.close();
  std::error_code error;
  if (printed && !file) {
    printed = Fail(ErrorKind::kIo, Format("{}: cannot be written", temporary.string()));
  }
  if (!printed) {
    fs::remove(temporary, error);
    return printed;
  }
  fs::rename(temporary, output, error);
  if (error) {
    return Fail(ErrorKind::kIo,
                Format("{}: cannot be replaced: {}", output.string(), error.message()));
  }
  return {};
}

Status Export(const ExportFlags& flags) {
  TRY_ASSIGN(const DataSource source, SourceOf(flags.source));
  const SqlQuery query{.sql = "SELECT * FROM " + flags.view};
  if (flags.output.empty()) return PrintRows(source, query, {.format = flags.format}, std::cout);
  return ExportToFile(source, query, flags.format, flags.output);
}

}  // namespace

void AddExportCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<ExportFlags>();
  CLI::App* const command =
      app.add_subcommand("export", "Write all rows of a view, for pandas and others");
  command->footer(kExamples);
  AddSourceOptions(*command, flags->source);
  command->add_option("--view", flags->view, "View to write")
      ->check(CLI::IsMember(kViews))
      ->capture_default_str();
  command->add_option("--output", flags->output, "File to write (default: stdout)");
  AddFormatOption(*command, flags->format, {"csv", "jsonl"});
  command->callback([flags, &exit_code] { exit_code = ReportEnd(Export(*flags)); });
}

}  // namespace archsweep
