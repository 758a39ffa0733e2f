#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace archsweep {

// Where this process sits among those that do the same job.
struct Seat {
  int rank = 0;
  int size = 1;
  std::string launch;  // Names this start of the gang by its launcher; "" for a process alone.

  // Of `count` things in a row that all have an equal share of (asserted), the first of this rank.
  int64_t First(int64_t count) const { return rank * Share(count); }
  int64_t Share(int64_t count) const;
};

// What mpirun says in `environment` ("NAME=VALUE" strings) of a process that is one of `ranks`.
// Throws TaskError (configuration) where that is not so.
Seat FindSeat(std::span<const std::string> environment, int ranks);

}  // namespace archsweep
