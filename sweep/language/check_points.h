#pragma once

#include "sweep/language/complaints.h"
#include "sweep/language/sweep_file.h"

namespace archsweep {

// Complains if there are too many points, and about values that are impossible or do not fit
// together in some point, at the place of the value.
void CheckPoints(const SweepFile& file, Complaints& complaints);

}  // namespace archsweep
