#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>

#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"
#include "sweep/attempt/task.h"

namespace archsweep {

// The checkpoints of one task, a training or an evaluation: its folder (sweep/attempt/layout.h)
// holds TOKEN/step-N/ with manifest.json, state.safetensors and, of a training, model.safetensors,
// and TOKEN/best/step-N/ when a training that selects has ended.

// Whether an attempt with a lower token left a checkpoint, good or not.
bool HasCheckpointsBelow(const std::filesystem::path& task_folder, Token own);

// The checkpoint of the highest step among those of lower tokens whose files are what its manifest
// says. Damaged ones are skipped with a warning. Reads all of the files, which can take seconds;
// nothing is found once `stop` is requested.
std::optional<CheckpointRef> NewestCheckpoint(const std::filesystem::path& task_folder,
                                              TaskKind kind, Token own, std::stop_token stop);

// After the coordinator has answered for the end of a training: of the trial's checkpoints only the
// final and best weights and their manifests stay, nothing if it diverged. Folders of higher tokens
// are left alone. What cannot be removed stays, with a warning.
void PruneAfterTraining(const std::filesystem::path& task_folder, Token own,
                        const TrainedLine& line);

// Likewise of an evaluation, of which nothing is needed any more.
void PruneAfterEvaluation(const std::filesystem::path& task_folder, Token own);

}  // namespace archsweep
