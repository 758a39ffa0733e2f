#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sweep/language/sweep_file.h"

namespace archsweep {

inline constexpr int64_t kTrialsMax = 1'000'000;  // Points of the grid of one sweep.

// The points of the grid of a file, one after the other: the product of its axes, the last one
// changing fastest. Keeps a reference to the file.
class Points {
 public:
  // Of all axes; kTrialsMax + 1 if there are more than kTrialsMax.
  static int64_t Count(const SweepFile& file);

  explicit Points(const SweepFile& file);

  TrialSpec Current() const;

  // Moves to the next point; false after the last.
  bool Advance();

  // Where the field of the current point is written, or the part that it belongs to.
  Position PositionOf(std::string_view path) const;

 private:
  const SweepFile& file_;
  std::vector<int64_t> index_;  // Of the current value of each axis.
  std::vector<size_t> order_;   // In which axes are applied.
};

}  // namespace archsweep
