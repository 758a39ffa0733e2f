#pragma once

#include <cstdint>
#include <memory>

#include "sweep/trial/sweep.h"

namespace archsweep {

// Two tasks fit, and no third.
inline constexpr int64_t kSharedDeviceBytes = 2'500'000;

// The sweeps that people of a simulation submit; made once. They share trials, and versions of one
// name add and withdraw some.
std::shared_ptr<const ExpandedSweep> SweepVersion(size_t version);

}  // namespace archsweep
