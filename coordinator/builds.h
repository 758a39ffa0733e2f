#pragma once

#include <span>

#include "sweep/attempt/change.h"

namespace archsweep {

// Workers of other builds than the coordinator's are allowed in a sweep, as long as they speak its
// protocol: one that is mended midway need not begin anew. Every result names what made it. Logs a
// warning for each worker that joined and is of another build, since what it measures may differ.
void WarnOfOtherBuilds(std::span<const Change> changes);

}  // namespace archsweep
