#include "cli/weights_file.h"

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "sweep/attempt/layout.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

fs::path ImportedFile(const fs::path& state_folder, const TrialId& trial) {
  return state_folder / ImportedWeights(trial) / kModelFile;
}

bool Holds(const fs::path& file, const std::string& sha256) {
  const auto digest = Sha256HexOfFile(file);
  return digest && *digest == sha256;
}

// Of the checkpoint folder that the file lies in, if it is one of archsweep's own.
std::optional<TrialId> TrialOf(const fs::path& folder) {
  const auto manifest = ReadJsonFile(folder / "manifest.json");
  if (!manifest || !manifest->is_object()) return std::nullopt;
  const Json trial = manifest->value("trial", Json());
  if (!trial.is_string()) return std::nullopt;
  const auto id = ParseId<TrialId>(trial.get<std::string>());
  return id ? std::optional(*id) : std::nullopt;
}

}  // namespace

Result<WeightsFile> OpenWeights(const fs::path& path) {
  std::error_code error;
  const bool is_folder = fs::is_directory(path, error);
  if (!is_folder && !fs::is_regular_file(path, error)) {
    return Fail(ErrorKind::kNotFound,
                Format("{}: there is no such checkpoint; give a .safetensors file with the "
                       "official names of tensors, or a folder step-N that archsweep left",
                       path.string()));
  }
  WeightsFile weights;
  weights.path = is_folder ? path / kModelFile : path;
  TRY_ASSIGN(SafetensorsHeader header, ReadSafetensorsHeader(weights.path));
  weights.tensors = std::move(header.tensors);
  TRY_ASSIGN(weights.sha256, Sha256HexOfFile(weights.path));
  if (weights.path.filename() == kModelFile) weights.trial = TrialOf(weights.path.parent_path());
  return weights;
}

Status ImportWeights(const fs::path& file, const std::string& sha256, const TrialId& trial,
                     const fs::path& state_folder) {
  const fs::path target = ImportedFile(state_folder, trial);
  if (Holds(target, sha256)) return {};
  TRY(CreateFolders(target.parent_path()));
  TRY_ASSIGN(const std::string copied, CopyFileDurably(file, target, kSafetensorsBytesMax));
  if (copied == sha256) return {};
  fs::remove(target);
  return Fail(ErrorKind::kInvalidInput,
              Format("{}: changed while it was read; run the command again", file.string()));
}

Status CheckImportedWeights(const ExpandedSweep& sweep, const fs::path& state_folder) {
  for (const SweepTrial& trial : sweep.trials) {
    if (!trial.spec.IsImported()) continue;
    const fs::path file = ImportedFile(state_folder, trial.id);
    if (Holds(file, *trial.spec.weights_sha256)) continue;
    return Fail(ErrorKind::kNotFound,
                Format("{}: the weights with SHA-256 {} are not there; 'archsweep evaluate "
                       "CHECKPOINT' with the same --state brings them",
                       file.string(), *trial.spec.weights_sha256));
  }
  return {};
}

}  // namespace archsweep
