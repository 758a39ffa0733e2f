#pragma once

#include "sweep/network/architecture.h"

namespace archsweep {

// BuildGraph for a network of stages whose group norms were not checked: one that its channels do
// not allow has no groups.
Graph BuildUnchecked(const ArchitectureSpec& spec, int image_size, int classes);

}  // namespace archsweep
