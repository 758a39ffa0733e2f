#include "worker/agent/checkpoint_search.h"

#include <utility>

#include "worker/agent/checkpoints.h"

namespace archsweep {

CheckpointSearch::CheckpointSearch(const std::filesystem::path& trial_folder, Token own,
                                   const WakeEvent& wake)
    : thread_([this, trial_folder, own, &wake](std::stop_token stop) {
        found_ = NewestCheckpoint(trial_folder, own, std::move(stop));
        done_ = true;
        wake.Raise();
      }) {}

}  // namespace archsweep
