#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sweep/language/sweep_file.h"

namespace archsweep {

inline constexpr int64_t kTrialsMax = 1'000'000;  // Points of one sweep.

// The points of a file, one after the other: the product of its dimensions, the last one changing
// fastest. Keeps a reference to the file.
class Points {
 public:
  // Of all dimensions; kTrialsMax + 1 if there are more than kTrialsMax.
  static int64_t Count(const SweepFile& file);

  explicit Points(const SweepFile& file);

  TrialSpec Current() const;

  // Moves to the next point; false after the last.
  bool Advance();

  // Where the field of the current point is written, if it is.
  std::optional<Position> Given(std::string_view path) const;

  // Where the field of the current point is written, or the part that it belongs to.
  Position PositionOf(std::string_view path) const;

 private:
  // A field that some value of an axis sets.
  struct Setter {
    const Field* field = nullptr;
    const Axis* axis = nullptr;
    size_t dimension = 0;
  };

  const SweepFile& file_;
  std::vector<int64_t> index_;   // Of the current value of each dimension.
  std::vector<Setter> setters_;  // A whole part before the fields of it.
};

}  // namespace archsweep
