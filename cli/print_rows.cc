#include "cli/print_rows.h"

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/sha256.h"

namespace archsweep {
namespace {

Column ColumnNamed(const std::string& name) {
  constexpr std::array<std::string_view, 2> kCounts = {"parameters", "macs"};
  constexpr std::array<std::string_view, 2> kIds = {"trial", "evaluation"};
  if (std::ranges::find(kCounts, name) != kCounts.end()) return {name, Column::Style::kCount};
  if (std::ranges::find(kIds, name) != kIds.end()) return {name, Column::Style::kId};
  return {name};
}

Cell CellOf(const SqlValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return *integer;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* text = std::get_if<std::string_view>(&value)) return std::string(*text);
  if (const auto* blob = std::get_if<Blob>(&value)) {
    return Hex(reinterpret_cast<const uint8_t*>(blob->bytes.data()), blob->bytes.size());
  }
  return std::monostate();
}

}  // namespace

Status PrintRows(const RowQuery& query, RowFormat format, std::ostream& out) {
  const SystemClock clock;
  TRY_ASSIGN(Reader reader, Reader::Open(query.state_folder, clock));
  TRY_ASSIGN(Rows rows, reader.Query(query.sql, query.parameters, query.timeout_ms));
  std::vector<Column> columns;
  for (const std::string& name : rows.Columns()) {
    columns.push_back(ColumnNamed(name));
    columns.back().can_hide = query.hide_empty;
  }
  RowPrinter printer(columns, format, out);
  while (true) {
    TRY_ASSIGN(const bool found, rows.Next());
    if (!found) return printer.Finish();
    std::vector<Cell> row;
    for (size_t i = 0; i < columns.size(); ++i) row.push_back(CellOf(rows.At(static_cast<int>(i))));
    printer.Add(row);
  }
}

void AddStateOption(CLI::App& command, std::string& state) {
  command.add_option("--state", state, "State folder of the runs")->capture_default_str();
}

}  // namespace archsweep
