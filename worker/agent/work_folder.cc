#include "worker/agent/work_folder.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "worker/agent/folders.h"
#include "worker/agent/process_table.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kLivesVersion = 1;

fs::path LivesFile(const fs::path& folder) { return folder / "lives.json"; }
fs::path AttemptsFolder(const fs::path& folder) { return folder / "attempts"; }

Result<std::vector<WorkerId>> ParseLives(const Json& json) {
  std::vector<WorkerId> lives;
  try {
    for (const Json& life : json.at("lives")) {
      TRY_ASSIGN(const WorkerId id, ParseId<WorkerId>(life.get<std::string>()));
      lives.push_back(id);
    }
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kCorrupt, error.what());
  }
  return lives;
}

// What cannot be read is only a loss of time: the coordinator waits until the leases of those lives
// end by themselves.
std::vector<WorkerId> ReadLives(const fs::path& folder) {
  const auto json = ReadJsonFile(LivesFile(folder));
  if (!json && json.error().kind == ErrorKind::kNotFound) return {};
  auto lives = json.and_then(ParseLives);
  if (lives) return *std::move(lives);
  LogWarning("{}: cannot be used and is written anew: {}", LivesFile(folder).string(),
             lives.error().message);
  return {};
}

std::optional<Token> TokenOf(const fs::path& attempt_folder) {
  const auto number = ParseInteger(attempt_folder.filename().string());
  if (!number) return std::nullopt;
  return Token{*number};
}

// The others are of lives whose end a coordinator has acknowledged.
std::vector<SpooledAttempt> SpoolsOf(const std::vector<WorkerId>& lives,
                                     const fs::path& attempts_folder) {
  std::vector<SpooledAttempt> spools = ReadSpools(attempts_folder);
  std::erase_if(spools, [&](const SpooledAttempt& spool) {
    return std::ranges::find(lives, spool.worker) == lives.end();
  });
  return spools;
}

}  // namespace

Result<WorkFolder> WorkFolder::Open(const fs::path& path) {
  TRY(CreateFolders(AttemptsFolder(path)));
  TRY(RefuseNetworkFileSystem(path));
  std::error_code error;
  const fs::path folder = fs::canonical(path, error);
  if (error) {
    return Fail(ErrorKind::kIo, Format("{}: cannot be found: {}", path.string(), error.message()));
  }
  TRY_ASSIGN(FileLock lock, FileLock::Acquire(folder / "lock"));
  TRY_ASSIGN(const size_t ended, EndProcessesOf(AttemptsFolder(folder), kTakeOverMs));
  if (ended > 0) LogInfo("ended {} processes that an earlier run left", ended);
  const std::vector<WorkerId> lives = ReadLives(folder);
  WorkFolder work(folder, std::move(lock), lives, SpoolsOf(lives, AttemptsFolder(folder)));
  TRY(work.BeginNewLife());
  work.RemoveOldAttempts({});
  return work;
}

void WorkFolder::RemoveSpools() const {
  for (const fs::path& folder : EntriesIn(AttemptsFolder(path_))) RemoveSpool(folder);
}

Status WorkFolder::ForgetDeadLives() {
  if (lives_.size() == 1) return {};
  lives_ = {Worker()};
  return WriteLives();
}

Status WorkFolder::BeginNewLife() {
  lives_.push_back(RandomId<WorkerId>());
  while (lives_.size() > kDeadLivesMax + 1) lives_.erase(lives_.begin());
  return WriteLives();
}

Status WorkFolder::WriteLives() const {
  std::vector<std::string> lives;
  for (const WorkerId& life : lives_) lives.push_back(ToHex(life));
  const Json json = {{"version", kLivesVersion}, {"lives", lives}};
  return WriteFileDurably(LivesFile(path_), json.dump(2) + "\n");
}

fs::path WorkFolder::AttemptFolder(Token token) const {
  return AttemptsFolder(path_) / Format("{}", token.value);
}

void WorkFolder::RemoveOldAttempts(const std::vector<Token>& kept) const {
  std::error_code error;
  std::vector<Token> removable;
  for (fs::directory_iterator entry(AttemptsFolder(path_), error), end; !error && entry != end;
       entry.increment(error)) {
    const auto token = TokenOf(entry->path());
    if (token && std::ranges::find(kept, *token) == kept.end()) removable.push_back(*token);
  }
  std::ranges::sort(removable);
  for (size_t i = 0; i + kAttemptFoldersKept < removable.size(); ++i) {
    fs::remove_all(AttemptFolder(removable[i]), error);
  }
}

}  // namespace archsweep
