#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/print_rows.h"

namespace archsweep {
namespace {

struct QueryFlags {
  std::string sql;
  SourceFlags source;
  double timeout_seconds = kQueryTimeoutMs / 1000.0;
  RowFormat format = RowFormat::kTable;
};

constexpr const char* kExamples = R"(Examples:
  archsweep query "select * from v_progress"
  archsweep query "select d1, d2, d3, pgd20_last from v_result order by macs" --format csv
  archsweep query "select * from v_failures" --shared /shared/depth   by its coordinator
Views: v_result, v_evaluation, v_curve, v_sweep, v_trial, v_membership, v_task, v_progress,
v_attempt, v_failures, v_why, v_worker.)";

Status Query(const QueryFlags& flags) {
  TRY_ASSIGN(const DataSource source, SourceOf(flags.source));
  const SqlQuery query{.sql = flags.sql,
                       .timeout_ms = static_cast<int64_t>(flags.timeout_seconds * 1000)};
  return PrintRows(source, query, {.format = flags.format}, std::cout);
}

}  // namespace

void AddQueryCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<QueryFlags>();
  CLI::App* const query =
      app.add_subcommand("query", "Ask the database in SQL; nothing is changed");
  query->footer(kExamples);
  query->add_option("sql", flags->sql, "One statement that only reads")->required();
  AddSourceOptions(*query, flags->source);
  query->add_option("--timeout", flags->timeout_seconds, "Longest time of the query, in seconds")
      ->check(CLI::Range(0.001, 86'400.0))
      ->capture_default_str();
  AddFormatOption(*query, flags->format);
  query->callback([flags, &exit_code] { exit_code = ReportEnd(Query(*flags)); });
}

}  // namespace archsweep
