#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sweep/trial/training.h"

namespace archsweep {

using TrainingMember =
    std::variant<int TrainingSpec::*, double TrainingSpec::*, bool TrainingSpec::*,
                 Objective TrainingSpec::*, Schedule TrainingSpec::*, AttackStart TrainingSpec::*,
                 AttackNorms TrainingSpec::*, NormUpdates TrainingSpec::*,
                 Selection TrainingSpec::*, HeldoutSplit TrainingSpec::*>;

// The values of a number that are possible.
struct Bounds {
  double min = 0;
  double max = std::numeric_limits<double>::infinity();
  bool without_min = false;
  bool without_max = false;
};

// One member of TrainingSpec: the one definition behind its key in sweep files and in the canonical
// form, its bounds, its words and its help.
struct TrainingSetting {
  std::string key;
  TrainingMember member;
  std::string summary;
  Bounds bounds;                   // Of numbers.
  std::vector<std::string> words;  // Of an enumeration, in the order of its values.
  // Whether the first version had it, so that the canonical form always does.
  bool always_written = true;
};

// In the order of the members.
std::span<const TrainingSetting> TrainingSettings();

// Null if there is none of that key.
const TrainingSetting* FindTrainingSetting(std::string_view key);

// Whether it decides anything, given the others.
bool HasEffect(const TrainingSetting& setting, const TrainingSpec& spec);

}  // namespace archsweep
