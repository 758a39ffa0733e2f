#pragma once

#include <vector>

#include "storage/store.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// What a sweep file changes in what a sweep of its name wanted before. Nothing is deleted: what is
// withdrawn keeps its results.
struct SweepDifference {
  SweepIds added;
  SweepIds withdrawn;
  SweepIds kept;
};

// `before` is empty for a new sweep. Each list is in the order of the side that has it.
SweepDifference DifferenceOf(const SweepIds& before, const ExpandedSweep& after);

}  // namespace archsweep
