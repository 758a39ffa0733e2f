#pragma once

#include "coordinator/scheduler/scheduler.h"
#include "storage/store.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// The scheduler's state as the store has it. Tasks that failed before are queued anew, with their
// counts at zero: a person who starts the sweep again has mended the cause or wants to see it
// again. `requeued` gets those tasks.
InitialState Recover(const ExpandedSweep& sweep, const StoredSweep& stored,
                     std::vector<Change>& requeued);

}  // namespace archsweep
