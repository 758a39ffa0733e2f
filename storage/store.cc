#include "storage/store.h"

#include <array>

#include "base/file.h"
#include "base/text.h"
#include "storage/changes.h"
#include "storage/database.h"
#include "storage/integrity.h"
#include "storage/load.h"
#include "storage/migrations.h"
#include "storage/submission.h"

namespace archsweep {
namespace {

constexpr std::array kTaskStates = {
    TaskState::kQueued,    TaskState::kBackoff, TaskState::kAssigned, TaskState::kRunning,
    TaskState::kSucceeded, TaskState::kFailed,  TaskState::kCancelled};

// A large submission would leave its write-ahead log at that size for ever.
constexpr int64_t kLogBytesKept = int64_t{64} << 20;
constexpr int64_t kCacheKib = 64 << 10;

Result<FileLock> LockFolder(const std::filesystem::path& folder) {
  return FileLock::Acquire(folder / kLockFile).map_error([](Error error) {
    if (error.kind == ErrorKind::kBusy) {
      error.message +=
          "; one process at a time writes to a state folder: wait for it, or give another --state";
    }
    return error;
  });
}

Result<std::string> UseWriteAheadLog(Database& database) {
  TRY_ASSIGN(Statement mode, database.Query("PRAGMA journal_mode = WAL"));
  TRY(mode.Step());
  return std::string(mode.Text(0));
}

Status Configure(Database& database) {
  TRY_ASSIGN(const std::string mode, UseWriteAheadLog(database));
  if (mode != "wal") {
    return Fail(ErrorKind::kIo, Format("cannot use a write-ahead log (journal mode stays {}); "
                                       "give a --state folder on a local disk",
                                       mode));
  }
  return database.RunScript(
      Format("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
             "PRAGMA journal_size_limit = {}; PRAGMA cache_size = -{};",
             kLogBytesKept, kCacheKib));
}

Result<Database> OpenDatabase(const std::filesystem::path& path, const Clock& clock) {
  TRY_ASSIGN(Database database, Database::Open(path, OpenMode::kReadWrite));
  const auto prepare = [&]() -> Status {
    // Before anything is changed in a file that may be another program's.
    TRY(SchemaVersion(database, Migrations().back().version));
    TRY(Configure(database));
    TRY(Migrate(database, path, Migrations()));
    return CheckQuickly(database, clock);
  };
  TRY(prepare().map_error([&](Error error) {
    return error.message.starts_with(path.string()) ? error
                                                    : WithContext(std::move(error), path.string());
  }));
  return database;
}

Result<int64_t> RaiseEpoch(Database& database, int64_t now_ms) {
  TRY_ASSIGN(Transaction transaction, Transaction::Begin(database));
  TRY(
      database.Run("INSERT INTO meta VALUES ('database', ?1), ('created_ms', ?2), ('epoch', 0) ON "
                   "CONFLICT DO NOTHING",
                   ToHex(RandomId<Id128<struct DatabaseTag>>()), now_ms));
  TRY(database.Run("UPDATE meta SET value = value + 1 WHERE name = 'epoch'"));
  TRY_ASSIGN(const auto epoch, database.Integer("SELECT value FROM meta WHERE name = 'epoch'"));
  TRY(database.Run(
      "INSERT INTO event (at_ms, epoch, kind, data) VALUES (?1, ?2, 'coordinator_started', '{}')",
      now_ms, epoch));
  TRY(transaction.Commit());
  return epoch.value_or(0);
}

}  // namespace

std::string_view NameOf(TaskState state) {
  switch (state) {
    case TaskState::kQueued:
      return "queued";
    case TaskState::kBackoff:
      return "backoff";
    case TaskState::kAssigned:
      return "assigned";
    case TaskState::kRunning:
      return "running";
    case TaskState::kSucceeded:
      return "succeeded";
    case TaskState::kFailed:
      return "failed";
    case TaskState::kCancelled:
      return "cancelled";
  }
  return "";
}

Result<TaskState> ParseTaskState(std::string_view name) {
  for (const TaskState state : kTaskStates) {
    if (NameOf(state) == name) return state;
  }
  return Fail(ErrorKind::kInvalidInput, Format("'{}' is not a task state", name));
}

class Store::Impl {
 public:
  Impl(FileLock lock, Database database, int64_t epoch, const Clock& clock)
      : lock_(std::move(lock)), database_(std::move(database)), epoch_(epoch), clock_(clock) {}

  Status Submit(const ExpandedSweep& sweep) {
    TRY_ASSIGN(Transaction transaction, Transaction::Begin(database_));
    TRY(WriteSweep(database_, sweep, epoch_, clock_.WallMs()));
    return transaction.Commit();
  }

  Status Commit(std::span<const Change> changes) {
    TRY_ASSIGN(Transaction transaction, Transaction::Begin(database_));
    TRY(CheckEpoch());
    ChangeWriter writer(database_, epoch_, clock_.WallMs());
    for (const Change& change : changes) TRY(writer.Write(change));
    return transaction.Commit();
  }

  Result<StoredState> Load() { return ReadState(database_, clock_.WallMs()); }
  Database& Connection() { return database_; }

  int64_t Epoch() const { return epoch_; }

 private:
  Status CheckEpoch() {
    TRY_ASSIGN(const auto epoch, database_.Integer("SELECT value FROM meta WHERE name = 'epoch'"));
    if (epoch == epoch_) return {};
    return Fail(ErrorKind::kUnavailable,
                "another coordinator has taken over this state folder; this one must end");
  }

  FileLock lock_;  // Declared first, so that it is dropped last.
  Database database_;
  int64_t epoch_;
  const Clock& clock_;
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::Open(const std::filesystem::path& state_folder, const Clock& clock) {
  TRY(CreateFolders(state_folder));
  TRY(RefuseNetworkFileSystem(state_folder));
  TRY_ASSIGN(FileLock lock, LockFolder(state_folder));
  TRY_ASSIGN(Database database, OpenDatabase(state_folder / kDatabaseFile, clock));
  TRY_ASSIGN(const int64_t epoch, RaiseEpoch(database, clock.WallMs()));
  return Store(std::make_unique<Impl>(std::move(lock), std::move(database), epoch, clock));
}

Status Store::Submit(const ExpandedSweep& sweep) { return impl_->Submit(sweep); }

Status Store::Commit(std::span<const Change> changes) { return impl_->Commit(changes); }

Result<StoredState> Store::Load() { return impl_->Load(); }

Result<SweepIds> Store::Wanted(const std::string& sweep_name) {
  return ReadWanted(impl_->Connection(), sweep_name);
}

Result<TrialSpec> Store::ReadTrial(const TrialId& trial) {
  return archsweep::ReadTrial(impl_->Connection(), trial);
}

Result<EvaluationSpec> Store::ReadEvaluation(const EvaluationId& evaluation) {
  return archsweep::ReadEvaluation(impl_->Connection(), evaluation);
}

Result<CheckpointRef> Store::ReadWeights(const WeightsId& weights) {
  return archsweep::ReadWeights(impl_->Connection(), weights);
}

int64_t Store::Epoch() const { return impl_->Epoch(); }

}  // namespace archsweep
