#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/database.h"

namespace archsweep {

struct IntegrityReport {
  std::vector<std::string> findings;  // One sentence for each thing that is wrong; empty: none.
  bool is_damaged = false;            // The file itself; nothing else could be examined.
  int64_t trials = 0;
  int64_t trainings = 0;
  int64_t results = 0;
};

inline constexpr size_t kFindingsMax = 100;  // Of one kind.
inline constexpr int64_t kStartUpCheckMs = 1'000;

// Examines the database of a state folder and the weights and artifacts that it names, which are in
// the shared folder, changing nothing. May run while a coordinator writes. Errors are those of
// Reader::Open: what cannot be examined at all.
Result<IntegrityReport> CheckIntegrity(const std::filesystem::path& state_folder,
                                       const std::filesystem::path& shared_folder,
                                       const Clock& clock);

// The part of it that looks at the database alone, in one snapshot. Adds to `report`.
Status CheckDatabase(Database& database, IntegrityReport& report);

// Looks at the structure of as many tables as can be read in kStartUpCheckMs, small and important
// ones first. kCorrupt, with the remedy: there is damage.
Status CheckQuickly(Database& database, const Clock& clock);

}  // namespace archsweep
