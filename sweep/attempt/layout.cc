#include "sweep/attempt/layout.h"

#include "base/text.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

const fs::path kCheckpoints = "checkpoints";
const fs::path kArtifacts = "artifacts";

}  // namespace

fs::path CheckpointsOf(const TrialId& trial) { return kCheckpoints / ToHex(trial); }

fs::path CheckpointsOf(const EvaluationId& evaluation) { return kCheckpoints / ToHex(evaluation); }

fs::path ImportedWeights(const TrialId& trial) { return CheckpointsOf(trial) / "imported"; }

fs::path ArtifactsOf(const EvaluationId& evaluation) { return kArtifacts / ToHex(evaluation); }

fs::path LogOf(Token token) { return fs::path("logs") / Format("{}.log", token.value); }

}  // namespace archsweep
