#pragma once

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/table.h"
#include "storage/reader.h"

namespace archsweep {

// A query on the database of a state folder. Relative folders are of this process.
struct RowQuery {
  std::filesystem::path state_folder;
  std::string sql;
  std::vector<std::string> parameters;  // The texts for ?1, ?2...
  int64_t timeout_ms = kQueryTimeoutMs;
  bool hide_empty = false;  // People do not see columns without a value.
};

// Prints the rows of a query to `out` as they come, bytes that are no text in hexadecimal digits.
// The errors are those of Reader; kIo if something could not be written.
Status PrintRows(const RowQuery& query, RowFormat format, std::ostream& out);

// Adds the option --state with its default.
void AddStateOption(CLI::App& command, std::string& state);

}  // namespace archsweep
