#pragma once

#include <filesystem>

#include "base/clock.h"
#include "base/result.h"
#include "storage/database.h"
#include "storage/integrity.h"

namespace archsweep {

// Copies all of a database, as it stands now, into the new file `copy`, durably, and examines the
// structure of the copy. Of a failure some of `copy` may stay. kCorrupt: there is damage.
Status CopyDatabase(Database& from, const std::filesystem::path& copy);

// Copies the database of a state folder, as it stands now, into the new file `copy`, also while a
// coordinator writes. The copy appears whole or not at all, durable and examined; it is one file
// and can be opened anywhere. Weights are not in it. kInvalidInput: `copy` exists already;
// kCorrupt: the database is damaged, and there is no copy; else the errors of Reader::Open. The
// report is that of the copy.
Result<IntegrityReport> BackUp(const std::filesystem::path& state_folder,
                               const std::filesystem::path& copy, const Clock& clock);

}  // namespace archsweep
