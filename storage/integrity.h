#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace archsweep {

struct IntegrityReport {
  std::vector<std::string> findings;  // One sentence for each thing that is wrong; empty: none.
  int64_t trials = 0;
  int64_t trainings = 0;
  int64_t results = 0;
};

inline constexpr size_t kFindingsMax = 100;  // Of one kind.

// Examines the database of a state folder and the weights and artifacts that it names, changing
// nothing. May run while a coordinator writes. Errors are those of Reader::Open: what cannot be
// examined at all.
Result<IntegrityReport> CheckIntegrity(const std::filesystem::path& state_folder,
                                       const Clock& clock);

}  // namespace archsweep
