#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sweep/language/read_field.h"
#include "sweep/network/cost.h"

namespace archsweep {

// What of a network a condition is about, other than a field.
enum class Quantity { kParameters, kMacs, kTotalDepth, kTotalWidth, kDepthRatio };

// One entry of `where`: a number within bounds, or one of some values. Points that do not meet it
// are left out.
struct Condition {
  std::string name;  // "macs", "training.beta".
  std::optional<Quantity> quantity;
  const Field* field = nullptr;  // Where it is about a field.
  std::optional<double> min;
  std::optional<double> max;
  // Values of a field: donors that hold them.
  std::optional<std::vector<TrialSpec>> in;
  std::optional<std::vector<TrialSpec>> not_in;
};

// Reads the map `where`; what cannot be read is left out after complaining.
std::vector<Condition> ReadWhere(const YamlNode& node, Complaints& complaints);

// Whether a point meets all of them. A bound on a field of stages holds for each stage; networks of
// cells have no depth, width or ratio and meet no bound on them.
bool Meets(const std::vector<Condition>& conditions, const TrialSpec& spec, const Cost& cost);

}  // namespace archsweep
