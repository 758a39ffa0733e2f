#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace archsweep {

// How a command prints rows. All but the first are for programs: their column names are stable and
// their numbers exact.
enum class RowFormat {
  kTable,  // For people: aligned, large counts shortened.
  kJson,   // One array of objects.
  kJsonLines,
  kCsv,  // RFC 4180 with a header; lines end in \n alone. An empty text is "", an absent value
         // empty.
};

// Adds the option --format, with all formats or those of `names`.
void AddFormatOption(CLI::App& command, RowFormat& format,
                     const std::vector<std::string>& names = {"table", "json", "jsonl", "csv"});

// A value of a row; std::monostate where there is none.
using Cell = std::variant<std::monostate, bool, int64_t, double, std::string>;

struct Column {
  // What people see instead of the exact value.
  enum class Style { kPlain, kCount, kId, kSeconds };

  std::string name;
  Style style = Style::kPlain;
  bool can_hide = false;  // People do not see it where no row has a value in it.
};

// Prints rows as they come, in constant memory but for kTable, which needs all rows to align them.
class RowPrinter {
 public:
  // `out` must outlive the printer.
  RowPrinter(std::vector<Column> columns, RowFormat format, std::ostream& out);

  // One cell a column (asserted).
  void Add(const std::vector<Cell>& row);

  // To be called once, after the last row. kIo if something could not be written.
  Status Finish();

 private:
  void PrintTable();

  std::vector<Column> columns_;
  RowFormat format_;
  std::ostream& out_;
  int64_t rows_ = 0;
  std::vector<std::vector<std::string>> kept_;  // Of kTable: what will be shown.
  std::vector<bool> right_;                     // Of kTable: the column holds numbers alone.
  std::vector<bool> hidden_;                    // Likewise: nothing that is to be shown.
};

}  // namespace archsweep
