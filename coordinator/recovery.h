#pragma once

#include <optional>
#include <string>

#include "coordinator/scheduler/scheduler.h"
#include "storage/store.h"

namespace archsweep {

// The scheduler's state as the store has it. A task that was backing off is queued: the time that
// it had to wait is over, or a person has started the coordinator anew. `only`: see InitialState.
InitialState Recover(const StoredState& stored, const std::optional<std::string>& only);

}  // namespace archsweep
