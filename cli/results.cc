#include "cli/results.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <vector>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/print_rows.h"
#include "sweep/trial/evaluation.h"

namespace archsweep {
namespace {

struct ResultsFlags {
  SourceFlags source;
  ResultsQuery query;
  RowFormat format = RowFormat::kTable;
};

constexpr const char* kExamples = R"(Examples:
  archsweep results
  archsweep results quickstart --sort clean_last --limit 10
  archsweep results --format csv > results.csv)";

const std::vector<std::string>& TableColumns() {
  static const std::vector<std::string> kColumns = [] {
    std::vector<std::string> columns = {"trial", "dataset", "block",      "d1",   "d2",
                                        "d3",    "w1",      "w2",         "w3",   "activation",
                                        "seed",  "kind",    "parameters", "macs", "diverged"};
    for (std::string& column : ResultColumns()) columns.push_back(std::move(column));
    columns.emplace_back("train_seconds");
    return columns;
  }();
  return kColumns;
}

Result<std::vector<std::string>> SweepNames(const DataSource& source) {
  TRY_ASSIGN(const auto rows, AllRows(source, {.sql = "SELECT sweep FROM v_sweep ORDER BY sweep"}));
  std::vector<std::string> names;
  for (const auto& row : rows) names.push_back(std::get<std::string>(row.front()));
  return names;
}

Status CheckNames(const ResultsQuery& query) {
  TRY_ASSIGN(const std::vector<std::string> sweeps, SweepNames(query.source));
  std::vector<Error> problems;
  if (!query.sweep.empty() && std::ranges::find(sweeps, query.sweep) == sweeps.end()) {
    problems.push_back({ErrorKind::kInvalidInput,
                        Format("{} has no sweep '{}'{}; it has: {}", query.source.Name(),
                               query.sweep, Suggestion(query.sweep, sweeps), Join(sweeps, ", "))});
  }
  const std::vector<std::string>& columns = TableColumns();
  if (std::ranges::find(columns, query.sort) == columns.end()) {
    problems.push_back({ErrorKind::kInvalidInput,
                        Format("--sort {}: there is no such column{}; there are: {}", query.sort,
                               Suggestion(query.sort, columns), Join(columns, ", "))});
  }
  if (problems.empty()) return {};
  return tl::unexpected(Joined(problems));
}

}  // namespace

Status PrintResults(const ResultsQuery& query, RowFormat format, std::ostream& out) {
  TRY(CheckNames(query));
  SqlQuery rows{.sql = Format("SELECT {} FROM v_result", Join(TableColumns(), ", "))};
  if (!query.sweep.empty()) {
    // Asked of each row, so that a list of a few rows does not read the whole sweep.
    rows.sql +=
        " r WHERE EXISTS (SELECT 1 FROM v_membership m WHERE m.sweep = ?1 AND m.trial_key = "
        "r.trial_key AND m.wanted = 1)";
    rows.parameters = {query.sweep};
  }
  rows.sql += Format(" ORDER BY {} DESC", query.sort);
  if (query.limit > 0) rows.sql += Format(" LIMIT {}", query.limit);
  return PrintRows(query.source, rows, {.format = format, .hide_empty = true}, out);
}

namespace {

Status Print(ResultsFlags& flags) {
  TRY_ASSIGN(flags.query.source, SourceOf(flags.source));
  return PrintResults(flags.query, flags.format, std::cout);
}

}  // namespace

void AddResultsCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<ResultsFlags>();
  CLI::App* const results =
      app.add_subcommand("results", "Print the results, best robust accuracy first");
  results->footer(kExamples);
  results->add_option("sweep", flags->query.sweep, "Name of a sweep (default: all)");
  AddSourceOptions(*results, flags->source);
  results->add_option("--sort", flags->query.sort, "Column to sort by, the largest first")
      ->capture_default_str();
  results->add_option("--limit", flags->query.limit, "Rows at most (default: all)")
      ->check(CLI::NonNegativeNumber);
  AddFormatOption(*results, flags->format);
  results->callback([flags, &exit_code] { exit_code = ReportEnd(Print(*flags)); });
}

}  // namespace archsweep
