#pragma once

#include <ostream>
#include <string>

#include "base/result.h"
#include "cli/data_source.h"
#include "cli/table.h"

namespace archsweep {

// Which rows of v_result, in which order.
struct ResultsQuery {
  DataSource source;
  std::string sweep;                // Empty: of all sweeps.
  std::string sort = "pgd20_last";  // A column of the table; the largest first.
  int64_t limit = 0;                // 0: all.
};

// Prints the table of results. kInvalidInput names a sweep or a column that is not there.
Status PrintResults(const ResultsQuery& query, RowFormat format, std::ostream& out);

}  // namespace archsweep
