#pragma once

#include <filesystem>

#include "base/id.h"
#include "sweep/attempt/failure.h"
#include "sweep/attempt/progress.h"
#include "sweep/attempt/task.h"

namespace archsweep {

inline constexpr size_t kArtifactBytesMax = size_t{256} << 20;

// Copies the artifact of an evaluation from its attempt's folder to below the shared folder, so
// that it is durable before the result is told; returns it under its name there. On failure: what
// to report of the attempt instead of its result.
tl::expected<ArtifactRef, Failure> PublishArtifact(const std::filesystem::path& shared_folder,
                                                   const EvaluationId& evaluation, Token own,
                                                   const std::filesystem::path& attempt_folder,
                                                   const ArtifactRef& artifact);

// After the coordinator has answered for the end of an evaluation: removes what attempts of lower
// tokens left that could not tell their result. What cannot be removed stays, with a warning.
void PruneArtifacts(const std::filesystem::path& shared_folder, const EvaluationId& evaluation,
                    Token own);

}  // namespace archsweep
