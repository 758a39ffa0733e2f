#include "storage/load.h"

#include "base/text.h"

namespace archsweep {
namespace {

// Columns: trial id, task id, state, attempts, charged, uncharged, live token, its worker.
constexpr std::string_view kTrainings =
    "SELECT t.id, t.id, k.state, k.attempts, k.charged, k.uncharged, a.token, w.id "
    "FROM membership m CROSS JOIN trial t ON t.key = m.trial "
    "CROSS JOIN task k ON k.trial = m.trial AND k.evaluation IS NULL "
    "LEFT JOIN attempt a ON a.task = k.key AND a.ended_ms IS NULL LEFT JOIN worker w ON w.key = "
    "a.worker "
    "WHERE m.sweep = ?1 AND m.wanted = 1 ORDER BY m.ordinal";
constexpr std::string_view kEvaluations =
    "SELECT t.id, e.id, k.state, k.attempts, k.charged, k.uncharged, a.token, w.id "
    "FROM evaluation_membership m CROSS JOIN evaluation e ON e.key = m.evaluation "
    "CROSS JOIN trial t ON t.key = e.trial CROSS JOIN task k ON k.evaluation = m.evaluation "
    "LEFT JOIN attempt a ON a.task = k.key AND a.ended_ms IS NULL LEFT JOIN worker w ON w.key = "
    "a.worker "
    "WHERE m.sweep = ?1 AND m.wanted = 1 ORDER BY m.ordinal";

Result<StoredTask> ReadTask(const Statement& row, TaskKind kind) {
  StoredTask task;
  TRY_ASSIGN(task.trial, ParseId<TrialId>(row.Text(0)));
  TRY_ASSIGN(const TrialId id, ParseId<TrialId>(row.Text(1)));
  task.id = TaskId{kind, id.bytes};
  TRY_ASSIGN(task.state, ParseTaskState(row.Text(2)));
  task.attempts = static_cast<int>(row.Integer(3));
  task.charged = static_cast<int>(row.Integer(4));
  task.uncharged = static_cast<int>(row.Integer(5));
  if (!row.IsNull(6)) {
    TRY_ASSIGN(const WorkerId worker, ParseId<WorkerId>(row.Text(7)));
    task.live = LiveAttempt{Token{row.Integer(6)}, worker};
  }
  return task;
}

Status ReadTasks(Database& database, TaskKind kind, int64_t sweep, std::vector<StoredTask>& tasks) {
  TRY_ASSIGN(Statement rows,
             database.Query(kind == TaskKind::kTrain ? kTrainings : kEvaluations, sweep));
  while (true) {
    TRY_ASSIGN(const bool found, rows.Step());
    if (!found) return {};
    TRY_ASSIGN(StoredTask task, ReadTask(rows, kind));
    tasks.push_back(task);
  }
}

Status ReadTrainings(Database& database, int64_t sweep,
                     std::map<TrialId, StoredTraining>& trainings) {
  TRY_ASSIGN(Statement rows,
             database.Query("SELECT t.id, g.diverged, g.folder, g.model_sha256, g.best_folder, "
                            "g.best_sha256 FROM membership m JOIN training g ON g.trial = m.trial "
                            "JOIN trial t ON t.key = m.trial "
                            "WHERE m.sweep = ?1 AND m.wanted = 1",
                            sweep));
  while (true) {
    TRY_ASSIGN(const bool found, rows.Step());
    if (!found) return {};
    TRY_ASSIGN(const TrialId trial, ParseId<TrialId>(rows.Text(0)));
    const auto reference_at = [&](int column) -> std::optional<CheckpointRef> {
      if (rows.IsNull(column)) return std::nullopt;
      return CheckpointRef{std::filesystem::path(rows.Text(column)),
                           std::string(rows.Text(column + 1))};
    };
    StoredTraining training{
        .diverged = rows.Integer(1) != 0, .weights = reference_at(2), .best = reference_at(4)};
    trainings.emplace(trial, std::move(training));
  }
}

}  // namespace

Result<StoredSweep> ReadSweep(Database& database, const std::string& sweep_name) {
  TRY_ASSIGN(const auto sweep,
             database.Integer("SELECT key FROM sweep WHERE name = ?1", sweep_name));
  if (!sweep)
    return Fail(ErrorKind::kNotFound, Format("no sweep named '{}' was submitted", sweep_name));
  StoredSweep stored;
  TRY(ReadTasks(database, TaskKind::kTrain, *sweep, stored.tasks));
  TRY(ReadTasks(database, TaskKind::kEvaluate, *sweep, stored.tasks));
  TRY(ReadTrainings(database, *sweep, stored.trainings));
  TRY_ASSIGN(const auto newest, database.Integer("SELECT max(token) FROM attempt"));
  stored.newest_token = Token{newest.value_or(0)};
  return stored;
}

}  // namespace archsweep
