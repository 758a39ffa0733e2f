#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control_client.h"
#include "cli/data_source.h"
#include "cli/table.h"
#include "cli/trial_name.h"

namespace archsweep {
namespace {

struct WhyFlags {
  SourceFlags source;
  std::string trial;
  RowFormat format = RowFormat::kTable;
};

constexpr const char* kExamples = R"(Examples:
  archsweep why 3f2a91c0
  archsweep why 3f2a91c0 --shared /shared/depth --format json
One row a task of the trial: its state, why it is in it, what its newest failure said, and what its
newest attempt has used.)";

constexpr const char* kWhy =
    "SELECT kind, evaluation, attack, state, attempts, why, class, message, failed_attempt, "
    "failed_on, seconds, cpu_seconds, memory_peak_bytes, device_peak_bytes, device_busy "
    "FROM v_why WHERE trial = ?1 ORDER BY task_key";

constexpr size_t kEvaluationColumn = 1;
constexpr size_t kWhyColumn = 5;

// By the evaluation, or "" for the training: what the coordinator itself says, which knows more
// than the store.
Result<std::map<std::string, std::string>> ReasonsOf(const Access& access,
                                                     const std::string& trial) {
  TRY_ASSIGN(ControlClient client, ControlClient::To(access));
  control::v1::WhyRequest request;
  request.set_trial(trial);
  TRY_ASSIGN(const control::v1::WhyResponse answer, client.Why(request));
  std::map<std::string, std::string> reasons;
  for (const control::v1::TaskExplanation& task : answer.tasks()) {
    std::vector<std::string> texts;
    for (const control::v1::Reason& reason : task.reasons()) texts.push_back(reason.text());
    reasons[task.evaluation()] = Join(texts, "; ");
  }
  return reasons;
}

Status Why(const WhyFlags& flags) {
  TRY_ASSIGN(const DataSource source, SourceOf(flags.source));
  TRY_ASSIGN(const std::string trial, TrialNamed(source, flags.trial));
  std::map<std::string, std::string> reasons;
  if (source.coordinator) {
    TRY_ASSIGN(reasons, ReasonsOf(*source.coordinator, trial));
  }
  TRY_ASSIGN(const auto rows, OpenRows(source, {.sql = kWhy, .parameters = {trial}}));
  std::vector<Column> columns;
  for (const std::string& name : rows->Columns())
    columns.push_back({.name = name, .can_hide = true});
  for (Column& column : columns) {
    if (column.name.ends_with("_bytes")) column.style = Column::Style::kCount;
  }
  columns[kEvaluationColumn].style = Column::Style::kId;
  RowPrinter printer(columns, flags.format, std::cout);
  std::vector<Cell> row;
  while (true) {
    TRY_ASSIGN(const bool found, rows->Next(row));
    if (!found) return printer.Finish();
    const auto* const evaluation = std::get_if<std::string>(&row[kEvaluationColumn]);
    const auto reason = reasons.find(evaluation != nullptr ? *evaluation : "");
    if (reason != reasons.end()) row[kWhyColumn] = reason->second;
    printer.Add(row);
  }
}

}  // namespace

void AddWhyCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<WhyFlags>();
  CLI::App* const why = app.add_subcommand("why", "Why a trial waits, runs or failed");
  why->footer(kExamples);
  why->add_option("trial", flags->trial, "The first digits of its id")->required();
  AddSourceOptions(*why, flags->source);
  AddFormatOption(*why, flags->format);
  why->callback([flags, &exit_code] { exit_code = ReportEnd(Why(*flags)); });
}

}  // namespace archsweep
