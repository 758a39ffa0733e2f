#pragma once

#include <string>

#include "base/result.h"
#include "storage/database.h"
#include "storage/store.h"

namespace archsweep {

// The whole of Store::Load. kNotFound: no sweep of that name was ever submitted.
Result<StoredSweep> ReadSweep(Database& database, const std::string& sweep_name);

}  // namespace archsweep
