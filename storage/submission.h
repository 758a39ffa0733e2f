#pragma once

#include <cstdint>

#include "base/result.h"
#include "storage/database.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// Records a sweep with its trials, evaluations, memberships and tasks; the whole of Store::Submit
// but for its transaction.
Status WriteSweep(Database& database, const ExpandedSweep& sweep, int64_t epoch, int64_t now_ms);

}  // namespace archsweep
