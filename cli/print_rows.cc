#include "cli/print_rows.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace archsweep {
namespace {

Column ColumnNamed(const std::string& name) {
  constexpr std::array<std::string_view, 2> kCounts = {"parameters", "macs"};
  constexpr std::array<std::string_view, 2> kIds = {"trial", "evaluation"};
  if (std::ranges::find(kCounts, name) != kCounts.end()) return {name, Column::Style::kCount};
  if (std::ranges::find(kIds, name) != kIds.end()) return {name, Column::Style::kId};
  if (name == "eta_seconds") return {name, Column::Style::kSeconds};
  return {name};
}

}  // namespace

Status PrintRows(const DataSource& source, const SqlQuery& query, const PrintOptions& options,
                 std::ostream& out) {
  TRY_ASSIGN(const auto rows, OpenRows(source, query));
  std::vector<Column> columns;
  for (const std::string& name : rows->Columns()) {
    columns.push_back(ColumnNamed(name));
    columns.back().can_hide = options.hide_empty;
  }
  RowPrinter printer(columns, options.format, out);
  std::vector<Cell> row;
  while (true) {
    TRY_ASSIGN(const bool found, rows->Next(row));
    if (!found) return printer.Finish();
    printer.Add(row);
  }
}

}  // namespace archsweep
