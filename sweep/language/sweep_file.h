#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sweep/language/axis.h"
#include "sweep/language/where.h"
#include "sweep/trial/evaluation.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// An entry of `evaluations`.
struct EvaluationRequest {
  Position position;  // Of the number of images, where it is given.
  AttackKind attack = AttackKind::kClean;
  int64_t images = 0;  // 0: all test images.
  AttackSettings settings;
};

// What a sweep file says, value by value; whether the values fit together is seen in the points.
struct SweepFile {
  std::string name;
  Position base_position;
  TrialSpec base;  // Fields that are not given have their defaults; numerics may be unresolved, "".
  GivenFields given;                  // Of `base`, and what is invalid anywhere.
  Position points_position;           // Of what makes the points.
  std::vector<Dimension> dimensions;  // In the order of the file.
  Position where_position;
  std::vector<Condition> where;
  std::vector<EvaluationRequest> evaluations;
  Resources resources;
};

// Complains about everything that is wrong, and returns what is left.
SweepFile ReadSweepFile(const YamlNode& root, Complaints& complaints);

// The keys of a sweep file.
std::vector<std::string> SweepFileKeys();

}  // namespace archsweep
