#include "tests/storage/faults/script.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/check.h"
#include "base/sha256.h"
#include "base/text.h"
#include "storage/database.h"
#include "storage/event.h"
#include "storage/integrity.h"
#include "storage/reader.h"
#include "sweep/attempt/layout.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeightsFolder = "checkpoints/step-7";
constexpr int kTasksBeforeRestart = 4;
constexpr int kLivesMax = 5;

void WriteWeights(const fs::path& folder, const std::string& content) {
  fs::create_directories(folder / kWeightsFolder);
  std::ofstream(folder / kWeightsFolder / kModelFile) << content;
}

// Of no interest to the writer, which must bear it: somebody merges the log.
void MergeLog(const fs::path& folder) {
  auto other = Database::Open(folder / kDatabaseFile, OpenMode::kReadWrite);
  if (other) static_cast<void>(other->RunScript("PRAGMA wal_checkpoint(TRUNCATE)"));
}

void ExpectUseful(const Error& error, const fs::path& folder) {
  EXPECT_TRUE(error.message.starts_with(folder.string())) << error.message;
  const bool has_remedy = error.message.find("free some space") != std::string::npos ||
                          error.message.find("look at the disk") != std::string::npos ||
                          error.message.find("end that process") != std::string::npos;
  EXPECT_TRUE(has_remedy) << error.message;
}

void ExpectCompletes(Script& script, FaultDisk& disk) {
  for (int life = 0; life < kLivesMax && !script.IsComplete(); ++life) {
    const Status went_on = script.Run(disk, Script::kTasks);
    ASSERT_TRUE(went_on) << "on a mended disk: " << went_on.error().message;
  }
  EXPECT_TRUE(script.IsComplete());
  EXPECT_EQ(script.Problems(), std::vector<std::string>());
}

}  // namespace

Script::Script(fs::path folder) : folder_(std::move(folder)) {
  sweep_ = ExampleSweep(3, {AttackKind::kPgd20, AttackKind::kClean});
  CHECK(sweep_.trials.size() + sweep_.evaluations.size() == kTasks);
  const std::string weights = "weights";
  WriteWeights(folder_, weights);
  model_sha256_ = Sha256Hex(weights);
}

Status Script::Run(FaultDisk& disk, int tasks) {
  TRY_ASSIGN(Store store, Store::Open(folder_, clock_));
  TRY(store.Submit(sweep_));
  TRY(Commit(store, disk, ExampleWorker()));
  TRY_ASSIGN(const StoredState stored, store.Load());
  int64_t token = stored.newest_token.value;
  for (const StoredTask& task : stored.tasks) {
    if (task.state == TaskState::kSucceeded) continue;
    if (tasks-- == 0) return {};
    if (task.live) {
      TRY(Commit(store, disk,
                 AttemptFailed{task.live->token,
                               task.spec.id,
                               {FailureClass::kLost, "a restart"},
                               AfterFailure::kQueued,
                               0,
                               task.uncharged + 1}));
    }
    TRY(Execute(store, disk, task, ++token));
    MergeLog(folder_);
  }
  return {};
}

Status Script::Execute(Store& store, FaultDisk& disk, const StoredTask& task, int64_t token) {
  TRY(Commit(store, disk, Assign(token, task.spec.id, task.attempts + 1)));
  TRY(Commit(store, disk, Start(token)));
  if (task.spec.id.kind == TaskKind::kEvaluate) {
    return Commit(store, disk, Evaluate(token, task.spec.id.Evaluation(), 7));
  }
  TRY(Commit(store, disk, Epoch(token, 1)));
  return Commit(store, disk, Trained(token, task.spec.trial));
}

TrainingSucceeded Script::Trained(int64_t token, const TrialId& trial) const {
  TrainingSucceeded trained = Train(token, trial, false, kWeightsFolder);
  trained.line.model_sha256 = model_sha256_;
  return trained;
}

Status Script::Commit(Store& store, FaultDisk& disk, const Change& change) {
  Status committed = store.Commit({&change, 1});
  if (!committed && committed.error().kind == ErrorKind::kDiskFull) {
    ExpectUseful(committed.error(), folder_);
    disk.Mend();
    committed = store.Commit({&change, 1});
  }
  TRY(std::move(committed));
  const int64_t token = std::visit(
      [](const auto& fact) -> int64_t {
        if constexpr (requires { fact.token; }) return fact.token.value;
        return 0;
      },
      change);
  acknowledged_.emplace_back(EventKind(change), token);
  return {};
}

std::vector<std::string> Script::Problems() const {
  if (acknowledged_.empty() && !fs::exists(folder_ / kDatabaseFile)) return {};
  auto reader = Reader::Open(folder_, clock_);
  // Until the first transaction there may be a file without a schema.
  if (!reader && acknowledged_.empty()) return {};
  if (!reader) return {reader.error().message};
  std::multiset<std::pair<std::string, int64_t>> events;
  Rows rows = reader->Query("SELECT kind, coalesce(token, 0) FROM event").value();
  while (rows.Next().value()) {
    events.emplace(std::get<std::string_view>(rows.At(0)), std::get<int64_t>(rows.At(1)));
  }
  std::vector<std::string> problems;
  for (const auto& [kind, token] : acknowledged_) {
    if (!events.contains({kind, token})) {
      problems.push_back(Format("{} under token {} is lost", kind, token));
    }
  }
  const auto report = CheckIntegrity(folder_, folder_, clock_);
  if (!report) return {report.error().message};
  problems.insert(problems.end(), report->findings.begin(), report->findings.end());
  return problems;
}

bool Script::IsComplete() const {
  auto reader = Reader::Open(folder_, clock_);
  if (!reader) return false;
  Rows rows =
      reader
          ->Query(
              "SELECT (SELECT count(*) FROM training) = 3 AND (SELECT count(*) FROM result) = 6 "
              "AND NOT EXISTS (SELECT 1 FROM task WHERE state <> 'succeeded')")
          .value();
  return rows.Next().value() && std::get<int64_t>(rows.At(0)) == 1;
}

int BrokenCode(DiskCall call) {
  switch (call) {
    case DiskCall::kWrite:
      return SQLITE_IOERR_WRITE;
    case DiskCall::kSync:
      return SQLITE_IOERR_FSYNC;
    case DiskCall::kTruncate:
      return SQLITE_IOERR_TRUNCATE;
    case DiskCall::kLock:
      return SQLITE_IOERR_LOCK;
  }
  return SQLITE_IOERR;
}

void ExpectSurvives(const Fault& fault) {
  SCOPED_TRACE(Format("{} {} fails {} with code {}", NameOf(fault.call), fault.number,
                      fault.for_good ? "for good" : "once", fault.code));
  const TemporaryFolder folder;
  FaultDisk disk;
  Script script(folder.Path());
  disk.FailAt(fault);
  Status ran = script.Run(disk, kTasksBeforeRestart);
  if (ran) ran = script.Run(disk, Script::kTasks);
  EXPECT_TRUE(disk.HasFailed());
  if (!ran) ExpectUseful(ran.error(), folder.Path());
  disk.Mend();
  EXPECT_EQ(script.Problems(), std::vector<std::string>());
  ExpectCompletes(script, disk);
}

void ExpectSurvivesPowerLoss(int number, uint64_t seed) {
  SCOPED_TRACE(Format("power is lost at change {}, seed {}", number, seed));
  const TemporaryFolder folder;
  const TemporaryFolder after;
  FaultDisk disk;
  Script script(folder.Path());
  disk.LosePowerAt(number);
  if (script.Run(disk, kTasksBeforeRestart)) static_cast<void>(script.Run(disk, Script::kTasks));
  EXPECT_TRUE(disk.HasFailed());
  disk.WriteSurvivors(folder.Path(), after.Path(), seed);
  fs::copy(folder.Path() / "checkpoints", after.Path() / "checkpoints",
           fs::copy_options::recursive);
  disk.Mend();
  script.MoveTo(after.Path());
  EXPECT_EQ(script.Problems(), std::vector<std::string>());
  ExpectCompletes(script, disk);
}

CallCounts CountCalls() {
  const TemporaryFolder folder;
  FaultDisk disk;
  Script script(folder.Path());
  CHECK(script.Run(disk, kTasksBeforeRestart));
  CHECK(script.Run(disk, Script::kTasks));
  CallCounts counts{.calls = {}, .changes = disk.Changes()};
  for (const DiskCall call : kDiskCalls) counts.calls.push_back(disk.Calls(call));
  CHECK(script.IsComplete());
  return counts;
}

}  // namespace archsweep
