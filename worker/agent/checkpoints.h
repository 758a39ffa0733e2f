#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>

#include "base/id.h"
#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"
#include "sweep/attempt/task.h"

namespace archsweep {

// SHARED/checkpoints/TRIAL, which holds TOKEN/step-N/ with model.safetensors, state.safetensors and
// manifest.json, and TOKEN/best/step-N/ when a training that selects has ended. Each attempt writes
// below its own token only.
std::filesystem::path TrialCheckpoints(const std::filesystem::path& shared_folder,
                                       const TrialId& trial);

// Whether an attempt with a lower token left a checkpoint, good or not.
bool HasCheckpointsBelow(const std::filesystem::path& trial_folder, Token own);

// The checkpoint of the highest step among those of lower tokens whose files are what its manifest
// says. Damaged ones are skipped with a warning. Reads all of the files, which can take seconds;
// nothing is found once `stop` is requested.
std::optional<CheckpointRef> NewestCheckpoint(const std::filesystem::path& trial_folder, Token own,
                                              std::stop_token stop);

// After the coordinator has answered for the end of a training: of the trial's checkpoints only the
// final and best weights and their manifests stay, nothing if it diverged. Folders of higher tokens
// are left alone. What cannot be removed stays, with a warning.
void PruneAfterSuccess(const std::filesystem::path& trial_folder, Token own,
                       const TrainedLine& line);

}  // namespace archsweep
