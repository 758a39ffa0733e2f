#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/language/axis.h"
#include "sweep/language/where.h"
#include "sweep/trial/evaluation.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// An entry of `evaluations`.
struct EvaluationRequest {
  Position position;
  std::map<std::string, Position, std::less<>> given;  // Its keys, with where their values are.
  AttackKind attack = AttackKind::kClean;
  int64_t images = 0;  // 0: all test images.
  AttackSettings settings;
  CheckpointRole checkpoint = CheckpointRole::kLast;

  // Where the value of the key is written, or the evaluation.
  Position PositionOf(std::string_view key) const;
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
  Position resources_position;
  Resources resources;
  QueuePolicy queue;
};

// Complains about everything that is wrong, and returns what is left.
SweepFile ReadSweepFile(const YamlNode& root, Complaints& complaints);

// The keys of a sweep file, and of an evaluation that is a map.
std::vector<std::string> SweepFileKeys();
std::vector<std::string> EvaluationKeys();

}  // namespace archsweep
