#include "worker/agent/artifact.h"

#include "base/file.h"
#include "base/text.h"
#include "sweep/attempt/layout.h"
#include "worker/agent/folders.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

Result<fs::path> Copy(const fs::path& from, const ArtifactRef& artifact, const fs::path& folder) {
  const fs::path name = artifact.file;
  if (!IsName(name)) {
    return Fail(ErrorKind::kInvalidInput,
                Format("artifact '{}' is no name in the attempt's folder", artifact.file));
  }
  TRY(CreateFolders(folder));
  TRY_ASSIGN(const std::string sha256,
             CopyFileDurably(from / name, folder / name, kArtifactBytesMax));
  if (sha256 == artifact.sha256) return folder / name;
  return Fail(ErrorKind::kCorrupt, Format("{}: its content has SHA-256 {}, its line says {}",
                                          (from / name).string(), sha256, artifact.sha256));
}

}  // namespace

tl::expected<ArtifactRef, Failure> PublishArtifact(const fs::path& shared_folder,
                                                   const EvaluationId& evaluation, Token own,
                                                   const fs::path& attempt_folder,
                                                   const ArtifactRef& artifact) {
  const fs::path folder = ArtifactsOf(evaluation) / Format("{}", own.value);
  const auto copied = Copy(attempt_folder, artifact, shared_folder / folder);
  if (copied) return ArtifactRef{(folder / artifact.file).string(), artifact.sha256};
  const bool is_storage = copied.error().kind == ErrorKind::kIo;
  return tl::unexpected(
      Failure{is_storage ? FailureClass::kStorage : FailureClass::kTask, copied.error().message});
}

void PruneArtifacts(const fs::path& shared_folder, const EvaluationId& evaluation, Token own) {
  for (const fs::path& attempt : EntriesIn(shared_folder / ArtifactsOf(evaluation))) {
    const auto token = NumberOf(attempt, "");
    if (token && *token < own.value) Remove(attempt);
  }
}

}  // namespace archsweep
