#pragma once

#include <ostream>

#include "base/result.h"
#include "cli/data_source.h"
#include "cli/table.h"

namespace archsweep {

struct PrintOptions {
  RowFormat format = RowFormat::kTable;
  bool hide_empty = false;  // People do not see columns without a value.
};

// Prints the rows of a query to `out` as they come. The errors are those of OpenRows; kIo if
// something could not be written.
Status PrintRows(const DataSource& source, const SqlQuery& query, const PrintOptions& options,
                 std::ostream& out);

}  // namespace archsweep
