#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sweep/language/read_field.h"

namespace archsweep {

// One value of an axis.
struct AxisValue {
  Position position;
  TrialSpec donor;    // Has the value in the field of the axis.
  GivenFields given;  // Fields within the value, where it is a map.
};

// A dimension of the grid: a field and the values that it takes.
struct Axis {
  const Field* field = nullptr;
  Position position;
  std::vector<AxisValue> values;
  bool per_stage = false;  // Each stage takes each value, so that there are values^stages points.

  int64_t Size() const;

  // Sets the field of `spec` to the value of this axis at `index`, from 0 to Size() - 1. The first
  // stage changes slowest.
  void Apply(int64_t index, TrialSpec& spec) const;
};

// Reads an entry of `grid`. Values that cannot be read are left out, after complaining and noting
// the field as invalid in `given`; without any value there is no axis.
std::optional<Axis> ReadAxis(const YamlEntry& entry, GivenFields& given, Complaints& complaints);

}  // namespace archsweep
