#include "worker/agent/checkpoint_search.h"

#include <utility>

#include "worker/agent/checkpoints.h"

namespace archsweep {

CheckpointSearch::CheckpointSearch(const std::filesystem::path& task_folder, TaskKind kind,
                                   Token own, const WakeEvent& wake)
    : thread_([this, task_folder, kind, own, &wake](std::stop_token stop) {
        found_ = NewestCheckpoint(task_folder, kind, own, std::move(stop));
        done_ = true;
        wake.Raise();
      }) {}

}  // namespace archsweep
