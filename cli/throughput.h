#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace archsweep {

// How fast one slot trains, to turn multiply-accumulates into time.
struct Throughput {
  double macs_per_second = 0;
  std::string source;  // "measured over 8 trainings in ...", "assumed ...".
};

// From the trainings of the given precision that a state folder holds; without one an assumption.
// Only a folder whose database cannot be read is an error.
Result<Throughput> ThroughputOf(const std::filesystem::path& state_folder,
                                const std::string& precision);

}  // namespace archsweep
