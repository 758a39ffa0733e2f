#pragma once

#include <filesystem>

#include "base/id.h"
#include "sweep/attempt/task.h"

namespace archsweep {

// Where things are below the shared folder. Each attempt writes below its own token only.

// "checkpoints/TRIAL", which holds TOKEN/step-N/.
std::filesystem::path CheckpointsOf(const TrialId& trial);

// "checkpoints/EVALUATION", which holds TOKEN/step-N/ of an evaluation that is under way.
std::filesystem::path CheckpointsOf(const EvaluationId& evaluation);

// The folder of the weights of an imported trial.
std::filesystem::path ImportedWeights(const TrialId& trial);

// "artifacts/EVALUATION", which holds TOKEN/FILE.
std::filesystem::path ArtifactsOf(const EvaluationId& evaluation);

// "logs/TOKEN.log": what an attempt printed.
std::filesystem::path LogOf(Token token);

// In the folder of weights.
inline constexpr const char* kModelFile = "model.safetensors";

}  // namespace archsweep
