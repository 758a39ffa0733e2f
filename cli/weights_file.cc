#include "cli/weights_file.h"

#include <algorithm>
#include <system_error>
#include <utility>

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

// The files of weights in a folder and below, at most as deep as TRIAL/TOKEN/best/step-N; no more
// than a person wants to read, and of a folder that holds other things only what is soon found.
std::vector<std::string> ModelFilesBelow(const fs::path& folder) {
  constexpr int kDepthMax = 4;
  constexpr size_t kFilesMax = 8;
  constexpr int kEntriesMax = 10'000;
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error);
  for (int entries = 0; !error && at != fs::end(at) && entries < kEntriesMax; ++entries) {
    if (at.depth() >= kDepthMax) at.disable_recursion_pending();
    if (at->path().filename() == kModelFile) files.push_back(at->path().string());
    if (files.size() == kFilesMax) break;
    at.increment(error);
  }
  std::ranges::sort(files);
  return files;
}

Result<fs::path> FindModelFile(const fs::path& folder) {
  const fs::path own = folder / kModelFile;
  if (fs::exists(own)) return own;
  const std::vector<std::string> files = ModelFilesBelow(folder);
  if (files.size() == 1) return files.front();
  if (files.empty()) {
    return Fail(ErrorKind::kNotFound,
                Format("{}: has no {} in it or below; give a folder step-N that archsweep left, or "
                       "a .safetensors file",
                       folder.string(), kModelFile));
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("{}: has several checkpoints; give one of them:\n  {}", folder.string(),
                     Join(files, "\n  ")));
}

Result<fs::path> ModelFileOf(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return FindModelFile(path);
  if (fs::is_regular_file(path, error)) return path;
  return Fail(ErrorKind::kNotFound,
              Format("{}: there is no such checkpoint; give a .safetensors file with the "
                     "official names of tensors, or a folder step-N that archsweep left",
                     path.string()));
}

// Takes over what the manifest beside the file says, if archsweep left one.
Status ReadManifest(WeightsFile& weights) {
  const auto manifest = ReadJsonFile(weights.path.parent_path() / "manifest.json");
  if (weights.path.filename() != kModelFile || !manifest) return {};
  const auto text = [&](const Json::json_pointer& at) {
    return manifest->contains(at) && manifest->at(at).is_string()
               ? manifest->at(at).get<std::string>()
               : "";
  };
  const auto trial = ParseId<TrialId>(text(Json::json_pointer("/trial")));
  if (trial) weights.trial = *trial;
  const std::string sha256 = text(Json::json_pointer("/files/model.safetensors/sha256"));
  if (sha256.empty() || sha256 == weights.sha256) return {};
  return Fail(ErrorKind::kCorrupt,
              Format("{}: its SHA-256 is {}, but its manifest says {}: it is damaged; use another "
                     "checkpoint, or move the file out of this folder to use it as it is",
                     weights.path.string(), weights.sha256, sha256));
}

}  // namespace

Result<WeightsFile> OpenWeights(const fs::path& path) {
  WeightsFile weights;
  TRY_ASSIGN(weights.path, ModelFileOf(path));
  auto header = ReadSafetensorsHeader(weights.path);
  if (!header) {
    if (header.error().kind == ErrorKind::kCorrupt) {
      header.error().message += "; docs/evaluate.md shows how to convert other checkpoints";
    }
    return tl::unexpected(header.error());
  }
  weights.tensors = std::move(header->tensors);
  TRY_ASSIGN(weights.sha256, Sha256HexOfFile(weights.path));
  TRY(ReadManifest(weights));
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
