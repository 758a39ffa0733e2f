#pragma once

#include <string>

#include "coordinator/snapshot.h"

namespace archsweep {

// How the coordinator stands, in the text format of Prometheus.
std::string MetricsText(const Snapshot& snapshot);

}  // namespace archsweep
