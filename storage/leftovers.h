#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace archsweep {

// A file or folder below the shared folder that nothing needs.
struct Leftover {
  std::filesystem::path path;
  int64_t bytes = 0;
};

// Nothing that was written more recently is a leftover, whatever the database says: a worker may
// know more than the coordinator, and clocks of machines differ.
inline constexpr int64_t kLeastLeftoverAgeMs = 3'600'000;

struct LeftoverBounds {
  size_t count_max = std::numeric_limits<size_t>::max();  // Nothing more is looked for then.
  // Asked again and again; its error ends the search.
  std::function<Status()> go_on = [] { return Status(); };
};

// What lies below checkpoints/, logs/ and artifacts/ of the shared folder, was last written more
// than `age_ms` ago (at least kLeastLeftoverAgeMs), and is needed by nobody: no row of the database
// names it, no live attempt owns it, and no task that has not succeeded could go on from it. Names
// that archsweep does not give are left alone. Changes nothing; may run while a coordinator writes.
//
// kInvalidInput: `age_ms` is too little. Other errors
// are those of Reader::Open and of `bounds`, and kIo: a folder cannot be read.
Result<std::vector<Leftover>> FindLeftovers(const std::filesystem::path& state_folder,
                                            const std::filesystem::path& shared_folder,
                                            int64_t age_ms, const Clock& clock,
                                            const LeftoverBounds& bounds = {});

// kIo: it cannot be removed, or not all of it. One that is not there any more is fine.
Status Remove(const Leftover& leftover);

}  // namespace archsweep
