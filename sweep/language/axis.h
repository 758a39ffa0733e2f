#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/language/read_field.h"

namespace archsweep {

// One value of an axis: what it makes of the fields that it sets.
struct AxisValue {
  Position position;
  TrialSpec donor;                   // Has the values in the fields.
  std::vector<const Field*> fields;  // Most often one.
  GivenFields given;                 // The fields, and those within them where a value is a map.
};

// A sequence of values for a field, or for several that change together.
struct Axis {
  std::string name;  // As messages call it: "grid.training.beta", "list".
  Position position;
  std::vector<AxisValue> values;
  // The field that each stage gets each value of, so that there are values^stages points. Null
  // otherwise.
  const Field* per_stage = nullptr;

  int64_t Size() const;

  // The value at `index`, from 0 to Size() - 1, of an axis that is not per stage.
  const AxisValue& At(int64_t index) const { return values[static_cast<size_t>(index)]; }

  // Whether the value at `index` sets `field`.
  bool Sets(const Field& field, int64_t index) const;

  // Sets `field` of `spec` to the value at `index`, which sets it. The first stage changes slowest.
  void Apply(const Field& field, int64_t index, TrialSpec& spec) const;

  // Every field that some value sets, each once.
  std::vector<const Field*> Fields() const;
};

// Axes that move together: one each in `grid`, several in `zip`. All have the same size.
struct Dimension {
  std::vector<Axis> axes;
  int64_t Size() const { return axes.front().Size(); }
};

// Reads an entry of `section`, which is `grid` or `zip`. Values that cannot be read are left out,
// after complaining and noting the field as invalid in `given`; without any value there is no axis.
std::optional<Axis> ReadAxis(std::string_view section, const YamlEntry& entry, GivenFields& given,
                             Complaints& complaints);

// Reads `zip`: axes of one length. Nothing after complaining.
std::optional<Dimension> ReadZip(const YamlEntry& zip, GivenFields& given, Complaints& complaints);

// Reads `list`: points, each a map of paths to values.
std::optional<Dimension> ReadList(const YamlEntry& list, GivenFields& given,
                                  Complaints& complaints);

// Reads `seeds`: how many, counted from 0, or a list of them.
std::optional<Dimension> ReadSeeds(const YamlEntry& seeds, GivenFields& given,
                                   Complaints& complaints);

}  // namespace archsweep
