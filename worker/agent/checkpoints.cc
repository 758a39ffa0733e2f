#include "worker/agent/checkpoints.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "sweep/attempt/layout.h"
#include "worker/agent/folders.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "manifest.json";
constexpr const char* kState = "state.safetensors";
constexpr std::string_view kStepPrefix = "step-";
constexpr int kManifestVersion = 1;
constexpr size_t kPieceBytes = size_t{1} << 20;

struct Candidate {
  int64_t step = 0;
  Token token;
  fs::path folder;
};

// Those of lower tokens, best first.
std::vector<Candidate> CandidatesBelow(const fs::path& trial_folder, Token own) {
  std::vector<Candidate> candidates;
  for (const fs::path& attempt : EntriesIn(trial_folder)) {
    const auto token = NumberOf(attempt, "");
    if (!token || *token >= own.value) continue;
    for (const fs::path& folder : EntriesIn(attempt)) {
      if (const auto step = NumberOf(folder, kStepPrefix)) {
        candidates.push_back({*step, Token{*token}, folder});
      }
    }
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return std::tie(a.step, a.token) > std::tie(b.step, b.token);
  });
  return candidates;
}

Result<std::string> DigestOf(const fs::path& path, const std::stop_token& stop) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.Valid()) return tl::unexpected(SystemError(path, "be opened"));
  Sha256 sha256;
  std::vector<char> piece(kPieceBytes);
  while (true) {
    if (stop.stop_requested()) return Fail(ErrorKind::kInterrupted, "asked to stop");
    const ssize_t count = read(fd.Get(), piece.data(), piece.size());
    if (count < 0) return tl::unexpected(SystemError(path, "be read"));
    if (count == 0) break;
    sha256.Update({piece.data(), static_cast<size_t>(count)});
  }
  const Sha256::Digest digest = sha256.Finish();
  return Hex(digest.data(), digest.size());
}

Status VerifyFile(const fs::path& path, const Json& entry, const std::stop_token& stop) {
  std::error_code error;
  const uintmax_t bytes = fs::file_size(path, error);
  if (error || bytes != entry.at("bytes").get<uintmax_t>()) {
    return Fail(ErrorKind::kCorrupt, Format("{}: is missing or has the wrong size", path.string()));
  }
  TRY_ASSIGN(const std::string digest, DigestOf(path, stop));
  if (digest != entry.at("sha256").get<std::string>()) {
    return Fail(ErrorKind::kCorrupt, Format("{}: is damaged", path.string()));
  }
  return {};
}

Result<CheckpointRef> Verify(const Candidate& candidate, TaskKind kind,
                             const std::stop_token& stop) {
  TRY_ASSIGN(const Json manifest, ReadJsonFile(candidate.folder / kManifest));
  try {
    if (manifest.at("version") != kManifestVersion || manifest.at("step") != candidate.step) {
      return Fail(ErrorKind::kCorrupt, Format("{}: the manifest is of another version or step",
                                              candidate.folder.string()));
    }
    const Json& files = manifest.at("files");
    TRY(VerifyFile(candidate.folder / kState, files.at(kState), stop));
    if (kind == TaskKind::kEvaluate) return CheckpointRef{candidate.folder, ""};
    TRY(VerifyFile(candidate.folder / kModelFile, files.at(kModelFile), stop));
    return CheckpointRef{candidate.folder, files.at(kModelFile).at("sha256").get<std::string>()};
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kCorrupt,
                Format("{}: {}", (candidate.folder / kManifest).string(), error.what()));
  }
}

void RemoveAllBut(const fs::path& folder, const std::vector<fs::path>& kept_names) {
  for (const fs::path& path : EntriesIn(folder)) {
    if (std::ranges::find(kept_names, path.filename()) == kept_names.end()) Remove(path);
  }
}

// Of attempts up to `own` nothing stays.
void RemoveUpTo(const fs::path& task_folder, Token own) {
  for (const fs::path& attempt : EntriesIn(task_folder)) {
    const auto token = NumberOf(attempt, "");
    if (token && *token <= own.value) Remove(attempt);
  }
  std::error_code error;
  fs::remove(task_folder, error);  // If it is empty.
}

}  // namespace

bool HasCheckpointsBelow(const fs::path& task_folder, Token own) {
  return !CandidatesBelow(task_folder, own).empty();
}

std::optional<CheckpointRef> NewestCheckpoint(const fs::path& task_folder, TaskKind kind, Token own,
                                              std::stop_token stop) {
  for (const Candidate& candidate : CandidatesBelow(task_folder, own)) {
    auto verified = Verify(candidate, kind, stop);
    if (verified) return *std::move(verified);
    if (stop.stop_requested()) break;
    LogWarning("a checkpoint is skipped: {}", verified.error().message);
  }
  return std::nullopt;
}

void PruneAfterTraining(const fs::path& task_folder, Token own, const TrainedLine& line) {
  if (line.diverged) return RemoveUpTo(task_folder, own);
  const fs::path own_folder = task_folder / Format("{}", own.value);
  const fs::path final_folder = line.folder;
  std::error_code error;
  const bool has_weights = fs::equivalent(final_folder.parent_path(), own_folder, error) &&
                           fs::is_regular_file(final_folder / kModelFile, error);
  if (!has_weights) {
    LogWarning("{}: not where the weights of attempt {} belong; no checkpoint is removed",
               line.folder, own.value);
    return;
  }
  RemoveUpTo(task_folder, Token{own.value - 1});
  RemoveAllBut(own_folder, line.best ? std::vector<fs::path>{final_folder.filename(), kBestFolder}
                                     : std::vector<fs::path>{final_folder.filename()});
  RemoveAllBut(final_folder, {kModelFile, kManifest});
}

void PruneAfterEvaluation(const fs::path& task_folder, Token own) { RemoveUpTo(task_folder, own); }

}  // namespace archsweep
