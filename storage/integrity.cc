#include "storage/integrity.h"

#include <sqlite3.h>

#include "base/sha256.h"
#include "base/text.h"
#include "storage/reader.h"
#include "sweep/attempt/layout.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

// What must not be: each query gives one text a violation.
constexpr std::string_view kViolations[] = {
    "SELECT 'result of evaluation ' || e.id || ': its attempt ' || r.token || ' did not succeed' "
    "FROM result r JOIN evaluation e ON e.key = r.evaluation JOIN attempt a ON a.token = r.token "
    "WHERE a.state <> 'succeeded'",

    "SELECT 'training of ' || t.id || ': its attempt ' || g.token || ' did not succeed' "
    "FROM training g JOIN trial t ON t.key = g.trial JOIN attempt a ON a.token = g.token "
    "WHERE a.state <> 'succeeded'",

    "SELECT 'task ' || k.key || ': ' || count(*) || ' of its attempts succeeded, where one may' "
    "FROM task k JOIN attempt a ON a.task = k.key WHERE a.state = 'succeeded' "
    "GROUP BY k.key HAVING count(*) > 1",

    "SELECT 'attempt ' || b.token || ' began after attempt ' || a.token || ' of the same task had "
    "succeeded' FROM attempt a JOIN attempt b ON b.task = a.task AND b.number > a.number "
    "WHERE a.state = 'succeeded'",

    "SELECT 'attempt ' || b.token || ': its token is not above that of attempt ' || a.token || "
    "' before it' FROM attempt a JOIN attempt b ON b.task = a.task AND b.number = a.number + 1 "
    "WHERE b.token <= a.token",

    "SELECT 'task ' || k.key || ': is ' || k.state || ' with ' || count(a.token) || "
    "' live attempts' FROM task k LEFT JOIN attempt a ON a.task = k.key AND a.ended_ms IS NULL "
    "GROUP BY k.key HAVING count(a.token) <> (k.state IN ('assigned', 'running'))",

    "SELECT 'task ' || k.key || ': counts ' || k.attempts || ' attempts and has ' || "
    "count(a.token) FROM task k LEFT JOIN attempt a ON a.task = k.key "
    "GROUP BY k.key HAVING count(a.token) <> k.attempts",

    "SELECT 'training of ' || t.id || ': has weights, but its task is ' || k.state "
    "FROM training g JOIN trial t ON t.key = g.trial "
    "JOIN task k ON k.trial = g.trial AND k.evaluation IS NULL WHERE k.state <> 'succeeded'",

    "SELECT 'task ' || k.key || ': succeeded without a result' FROM task k "
    "LEFT JOIN result r ON r.evaluation = k.evaluation "
    "LEFT JOIN training g ON g.trial = k.trial "
    "WHERE k.state = 'succeeded' AND CASE WHEN k.evaluation IS NULL THEN g.trial IS NULL "
    "ELSE r.evaluation IS NULL END",

    "SELECT 'result of evaluation ' || e.id || ': its network diverged' FROM result r "
    "JOIN evaluation e ON e.key = r.evaluation JOIN training g ON g.trial = r.trial "
    "WHERE g.diverged = 1",

    "SELECT 'trial ' || t.id || ': its row counts it as reported = ' || t.reported || ', diverged "
    "= ' "
    "|| coalesce(t.diverged, 'null') || ', which its training and results contradict' FROM trial t "
    "LEFT JOIN training g ON g.trial = t.key WHERE t.diverged IS NOT g.diverged "
    "OR t.train_token IS NOT g.token OR t.reported <> (coalesce(g.diverged, 0) = 1 "
    "OR EXISTS (SELECT 1 FROM result r WHERE r.trial = t.key))",

    "SELECT 'attempt ' || a.token || ': is ' || a.state || ', and ' || coalesce(v.n, 0) || "
    "' events tell of its end' FROM attempt a LEFT JOIN (SELECT token, count(*) AS n FROM event "
    "WHERE kind IN ('training_succeeded', 'evaluation_succeeded', 'attempt_failed') "
    "GROUP BY token) AS v ON v.token = a.token "
    "WHERE coalesce(v.n, 0) <> (a.ended_ms IS NOT NULL)",

    "SELECT 'attempt ' || a.token || ': ' || coalesce(v.n, 0) || ' events tell of its assignment' "
    "FROM attempt a LEFT JOIN (SELECT token, count(*) AS n FROM event "
    "WHERE kind = 'attempt_assigned' GROUP BY token) AS v ON v.token = a.token "
    "WHERE coalesce(v.n, 0) <> 1",

    "SELECT 'result of evaluation ' || e.id || ': has flags for ' || (8 * length(r.flags)) || "
    "' images and counts ' || r.images FROM result r JOIN evaluation e ON e.key = r.evaluation "
    "WHERE length(r.flags) <> (r.images + 7) / 8",
};

Status AppendTexts(Database& database, std::string_view sql, std::string_view healthy,
                   std::vector<std::string>& findings) {
  TRY_ASSIGN(Statement rows, database.Query(sql));
  for (size_t count = 0; count < kFindingsMax; ++count) {
    TRY_ASSIGN(const bool found, rows.Step());
    if (!found) return {};
    if (rows.Text(0) != healthy) findings.emplace_back(rows.Text(0));
  }
  findings.push_back(Format("... and perhaps more of this kind; {} are listed", kFindingsMax));
  return {};
}

Status CheckForeignKeys(Database& database, std::vector<std::string>& findings) {
  TRY_ASSIGN(Statement rows, database.Query("PRAGMA foreign_key_check"));
  for (size_t count = 0; count < kFindingsMax; ++count) {
    TRY_ASSIGN(const bool found, rows.Step());
    if (!found) return {};
    findings.push_back(Format("table {}: row {} names a row of {} that is not there", rows.Text(0),
                              rows.Integer(1), rows.Text(2)));
  }
  return {};
}

// What files must hold: what each is, its path and its digest. Paths are relative to the shared
// folder, unless the files lie elsewhere.
constexpr std::string_view kFiles =
    "SELECT 'weights of ' || t.id, g.folder || '/' || ?1, g.model_sha256 FROM training g "
    "JOIN trial t ON t.key = g.trial WHERE g.diverged = 0 UNION ALL "
    "SELECT 'best weights of ' || t.id, g.best_folder || '/' || ?1, g.best_sha256 FROM training g "
    "JOIN trial t ON t.key = g.trial WHERE g.best_folder IS NOT NULL UNION ALL "
    "SELECT 'artifact of evaluation ' || e.id, r.artifact, r.artifact_sha256 FROM result r "
    "JOIN evaluation e ON e.key = r.evaluation WHERE r.artifact IS NOT NULL";

Status CheckFiles(Database& database, const fs::path& shared_folder,
                  std::vector<std::string>& findings) {
  TRY_ASSIGN(Statement rows, database.Query(kFiles, kModelFile));
  for (size_t wrong = 0; wrong < kFindingsMax;) {
    TRY_ASSIGN(const bool found, rows.Step());
    if (!found) return {};
    const fs::path file = shared_folder / fs::path(rows.Text(1));
    const auto digest = Sha256HexOfFile(file);
    if (digest && *digest == rows.Text(2)) continue;
    ++wrong;
    findings.push_back(
        Format("{}: {}; restore the file from a copy", rows.Text(0),
               digest ? file.string() + ": its content has changed" : digest.error().message));
  }
  return {};
}

Result<int64_t> Count(Database& database, std::string_view table) {
  TRY_ASSIGN(const auto count, database.Integer(Format("SELECT count(*) FROM {}", table)));
  return count.value_or(0);
}

// What a run needs first; the rows of the last ones are many.
constexpr std::string_view kTables[] = {
    "meta",         "sweep",      "worker",       "attack",     "task",
    "result",       "training",   "trial",        "attempt",    "membership",
    "event",        "evaluation", "trial_config", "checkpoint", "evaluation_membership",
    "epoch_metric", "quarantine"};

// Stops a statement of its connection when the time is over.
class TimeLimit {
 public:
  TimeLimit(Database& database, const Clock& clock, int64_t limit_ms)
      : database_(database), clock_(clock), end_ms_(clock.MonotonicMs() + limit_ms) {
    constexpr int kStepsBetweenLooks = 10'000;  // Of SQLite's machine.
    sqlite3_progress_handler(
        database.Handle(), kStepsBetweenLooks,
        [](void* limit) { return static_cast<const TimeLimit*>(limit)->IsOver() ? 1 : 0; }, this);
  }
  ~TimeLimit() { sqlite3_progress_handler(database_.Handle(), 0, nullptr, nullptr); }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  bool IsOver() const { return clock_.MonotonicMs() >= end_ms_; }

 private:
  Database& database_;
  const Clock& clock_;
  int64_t end_ms_;
};

}  // namespace

Status CheckDatabase(Database& database, IntegrityReport& report) {
  // One snapshot, so that a coordinator's commits in between do not look like contradictions.
  TRY(database.RunScript("BEGIN"));
  Status read = AppendTexts(database, "PRAGMA integrity_check", "ok", report.findings);
  if (!read) {
    // Of some damage SQLite tells by its findings, of some by an error.
    if (read.error().kind != ErrorKind::kCorrupt) return read;
    report.findings.push_back(read.error().message);
  }
  report.is_damaged = !report.findings.empty();
  if (report.is_damaged) {
    // Nothing else can be said of the file, and not even the end of the snapshot need succeed.
    static_cast<void>(database.RunScript("ROLLBACK"));
    return {};
  }
  TRY(CheckForeignKeys(database, report.findings));
  for (const std::string_view sql : kViolations) {
    TRY(AppendTexts(database, sql, "", report.findings));
  }
  TRY_ASSIGN(report.trials, Count(database, "trial"));
  TRY_ASSIGN(report.trainings, Count(database, "training"));
  TRY_ASSIGN(report.results, Count(database, "result"));
  return database.RunScript("COMMIT");
}

Status CheckQuickly(Database& database, const Clock& clock) {
  const TimeLimit limit(database, clock, kStartUpCheckMs);
  for (const std::string_view table : kTables) {
    std::vector<std::string> findings;
    const Status checked =
        AppendTexts(database, Format("PRAGMA quick_check({})", table), "ok", findings);
    if (limit.IsOver()) return {};
    TRY(checked);
    if (findings.empty()) continue;
    return Fail(ErrorKind::kCorrupt,
                Format("is damaged: {}; 'archsweep check' tells all of it; restore the file from "
                       "a copy (archsweep backup)",
                       findings.front()));
  }
  return {};
}

Result<IntegrityReport> CheckIntegrity(const fs::path& state_folder, const fs::path& shared_folder,
                                       const Clock& clock) {
  TRY_ASSIGN(Reader reader, Reader::Open(state_folder, clock));
  IntegrityReport report;
  TRY(CheckDatabase(reader.Connection(), report));
  if (!report.is_damaged) {
    TRY(CheckFiles(reader.Connection(), shared_folder, report.findings));
  }
  return report;
}

}  // namespace archsweep
