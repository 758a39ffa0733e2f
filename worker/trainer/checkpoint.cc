#include "worker/trainer/checkpoint.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "worker/trainer/safetensors.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr char kModelFile[] = "model.safetensors";
constexpr char kStateFile[] = "state.safetensors";
constexpr char kManifestFile[] = "manifest.json";
constexpr std::string_view kFolderPrefix = "step-";
constexpr std::string_view kUnfinishedPrefix = ".step-";

Error FileSystemError(const fs::path& path, std::string_view what, const std::error_code& code) {
  return {ErrorKind::kIo, Format("{}: cannot {}: {}", path.string(), what, code.message())};
}

Status RemoveTree(const fs::path& path) {
  std::error_code code;
  fs::remove_all(path, code);
  if (code) return tl::unexpected(FileSystemError(path, "be removed", code));
  return {};
}

std::string FolderName(int64_t step) { return Format("{}{}", kFolderPrefix, step); }

std::optional<int64_t> StepOf(const fs::path& folder) {
  const std::string name = folder.filename().string();
  if (!name.starts_with(kFolderPrefix)) return std::nullopt;
  const auto step = ParseInteger(std::string_view(name).substr(kFolderPrefix.size()));
  if (!step || FolderName(*step) != name) return std::nullopt;
  return *step;
}

// Writes the files of a checkpoint; returns the digest of the weights.
Result<std::string> WriteFiles(const fs::path& folder, const Checkpoint& checkpoint) {
  Json files = Json::object();
  const auto write = [&](const char* name, const NamedTensors& tensors) -> Result<std::string> {
    TRY_ASSIGN(const FileSummary summary, WriteSafetensors(folder / name, tensors));
    files[name] = {{"bytes", summary.bytes}, {"sha256", summary.sha256}};
    return summary.sha256;
  };
  TRY_ASSIGN(const std::string model_sha256, write(kModelFile, checkpoint.model));
  TRY(write(kStateFile, checkpoint.state));
  const Json manifest = {{"version", kManifestVersion},
                         {"trial", ToHex(checkpoint.trial)},
                         {"step", checkpoint.step},
                         {"files", files}};
  TRY(WriteFileDurably(folder / kManifestFile, manifest.dump(2) + "\n"));
  return model_sha256;
}

struct Manifest {
  TrialId trial;
  int64_t step = 0;
  Json files;
};

Result<Manifest> ReadManifest(const fs::path& folder) {
  const fs::path path = folder / kManifestFile;
  TRY_ASSIGN(const Json json, ReadJsonFile(path));
  Manifest manifest;
  try {
    if (json.at("version") != kManifestVersion) {
      return Fail(ErrorKind::kCorrupt,
                  Format("{}: version {}, but this trainer reads {}", path.string(),
                         json.at("version").dump(), kManifestVersion));
    }
    TRY_ASSIGN(manifest.trial, ParseId<TrialId>(json.at("trial").get<std::string>()));
    json.at("step").get_to(manifest.step);
    manifest.files = json.at("files");
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kCorrupt, Format("{}: {}", path.string(), error.what()));
  }
  return manifest;
}

// The content of a file whose digest is known.
Result<std::string> ReadProved(const fs::path& path, const std::string& sha256) {
  TRY_ASSIGN(std::string content, ReadFile(path, kSafetensorsBytesMax));
  const std::string found = Sha256Hex(content);
  if (found == sha256) return content;
  return Fail(ErrorKind::kCorrupt,
              Format("{}: holds {} bytes with SHA-256 {}, but {} was written: it is cut off, "
                     "damaged or of another attempt; use another checkpoint",
                     path.string(), content.size(), found, sha256));
}

Result<NamedTensors> ReadListed(const fs::path& folder, const Manifest& manifest,
                                const char* name) {
  std::string sha256;
  try {
    manifest.files.at(name).at("sha256").get_to(sha256);
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kCorrupt,
                Format("{}: {}", (folder / kManifestFile).string(), error.what()));
  }
  TRY_ASSIGN(const std::string content, ReadProved(folder / name, sha256));
  return ParseSafetensors(content, (folder / name).string());
}

}  // namespace

Result<WrittenCheckpoint> WriteCheckpoint(const fs::path& parent, const Checkpoint& checkpoint) {
  const fs::path unfinished = parent / Format("{}{}", kUnfinishedPrefix, checkpoint.step);
  const fs::path folder = parent / FolderName(checkpoint.step);
  TRY(CreateFolders(parent));
  TRY(RemoveTree(unfinished));
  TRY(CreateFolders(unfinished));
  TRY_ASSIGN(const std::string model_sha256, WriteFiles(unfinished, checkpoint));
  TRY(RemoveTree(folder));
  std::error_code code;
  fs::rename(unfinished, folder, code);
  if (code) return tl::unexpected(FileSystemError(folder, "be given its name", code));
  TRY(SyncFolder(parent));
  return WrittenCheckpoint{checkpoint.step, folder, model_sha256};
}

Status KeepNewestCheckpoints(const fs::path& parent, int kept) {
  std::error_code code;
  std::vector<std::pair<int64_t, fs::path>> checkpoints;
  for (fs::directory_iterator at(parent, code), end; !code && at != end; at.increment(code)) {
    const fs::path& path = at->path();
    if (path.filename().string().starts_with(kUnfinishedPrefix)) TRY(RemoveTree(path));
    if (const auto step = StepOf(path)) checkpoints.emplace_back(*step, path);
  }
  if (code) return tl::unexpected(FileSystemError(parent, "be listed", code));
  std::ranges::sort(checkpoints, std::greater<>{});
  for (size_t i = static_cast<size_t>(kept); i < checkpoints.size(); ++i) {
    TRY(RemoveTree(checkpoints[i].second));
  }
  return {};
}

Result<Checkpoint> ReadCheckpoint(const CheckpointRef& ref) {
  TRY_ASSIGN(const Manifest manifest, ReadManifest(ref.folder));
  Checkpoint checkpoint = {
      .trial = manifest.trial, .step = manifest.step, .model = {}, .state = {}};
  TRY_ASSIGN(checkpoint.model, ReadWeights(ref));
  TRY_ASSIGN(checkpoint.state, ReadListed(ref.folder, manifest, kStateFile));
  return checkpoint;
}

Result<NamedTensors> ReadWeights(const CheckpointRef& ref) {
  if (ref.model_sha256.empty()) {
    TRY_ASSIGN(const Manifest manifest, ReadManifest(ref.folder));
    return ReadListed(ref.folder, manifest, kModelFile);
  }
  const fs::path path = ref.folder / kModelFile;
  TRY_ASSIGN(const std::string content, ReadProved(path, ref.model_sha256));
  return ParseSafetensors(content, path.string());
}

}  // namespace archsweep
