#include "storage/load.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr std::string_view kTasks =
    "SELECT t.id, e.id, e.checkpoint, k.work, k.memory, k.state, k.attempts, k.charged, "
    "k.uncharged, a.token, w.id, a.slots, a.share, a.in_advance, "
    "CASE WHEN k.state = 'failed' THEN (SELECT b.failure || ': ' || b.message FROM attempt b "
    "WHERE b.task = k.key ORDER BY b.number DESC LIMIT 1) END "
    "FROM task k JOIN trial t ON t.key = k.trial "
    "LEFT JOIN evaluation e ON e.key = k.evaluation "
    "LEFT JOIN attempt a ON a.task = k.key AND a.ended_ms IS NULL "
    "LEFT JOIN worker w ON w.key = a.worker ORDER BY k.key";

// Whose trainings and evaluations are tasks.
constexpr std::string_view kTrainingsWanted =
    "SELECT m.sweep, t.id FROM membership m JOIN trial t ON t.key = m.trial "
    "WHERE m.wanted = 1 AND t.kind = 'trained' ORDER BY m.sweep, m.ordinal";
constexpr std::string_view kEvaluationsWanted =
    "SELECT m.sweep, e.id FROM evaluation_membership m JOIN evaluation e ON e.key = m.evaluation "
    "WHERE m.wanted = 1 ORDER BY m.sweep, m.ordinal";

// Calls `take` with each row.
template <class Take>
Status ForEach(Result<Statement> rows, Take take) {
  TRY(rows.map([](const Statement&) {}));
  while (true) {
    TRY_ASSIGN(const bool found, rows->Step());
    if (!found) return {};
    TRY(take(*rows));
  }
}

template <class Number>
Result<std::vector<Number>> ReadNumbers(std::string_view text) {
  TRY_ASSIGN(const Json json, ParseJson(text));
  std::vector<Number> numbers;
  for (const Json& item : json) {
    if (!item.is_number_integer()) return Fail(ErrorKind::kCorrupt, "a list holds no numbers");
    numbers.push_back(item.get<Number>());
  }
  return numbers;
}

Result<TaskId> ReadTaskId(TaskKind kind, std::string_view hex) {
  return ParseId<TrialId>(hex).map([&](const TrialId& id) { return TaskId{kind, id.bytes}; });
}

Result<StoredTask> ReadTask(const Statement& row) {
  StoredTask task;
  TRY_ASSIGN(task.spec.trial, ParseId<TrialId>(row.Text(0)));
  const bool trains = row.IsNull(1);
  TRY_ASSIGN(task.spec.id,
             ReadTaskId(trains ? TaskKind::kTrain : TaskKind::kEvaluate, row.Text(trains ? 0 : 1)));
  if (!trains) {
    TRY_ASSIGN(task.spec.checkpoint, CheckpointRoleByName(row.Text(2)));
  }
  task.spec.work = row.Real(3);
  task.spec.memory = row.Integer(4);
  TRY_ASSIGN(task.state, ParseTaskState(row.Text(5)));
  task.attempts = static_cast<int>(row.Integer(6));
  task.charged = static_cast<int>(row.Integer(7));
  task.uncharged = static_cast<int>(row.Integer(8));
  if (!row.IsNull(14)) task.failure = row.Text(14);
  if (row.IsNull(9)) return task;
  TRY_ASSIGN(const WorkerId worker, ParseId<WorkerId>(row.Text(10)));
  TRY_ASSIGN(std::vector<int> slots, ReadNumbers<int>(row.Text(11)));
  task.live = LiveAttempt{.token = Token{row.Integer(9)},
                          .worker = worker,
                          .slots = std::move(slots),
                          .share = static_cast<int>(row.Integer(12)),
                          .in_advance = row.Integer(13) != 0};
  return task;
}

Result<StoredSweep> ReadSweep(const Statement& row) {
  StoredSweep sweep{.name = std::string(row.Text(1)),
                    .resources = {.gpus = static_cast<int>(row.Integer(2)),
                                  .ranks = static_cast<int>(row.Integer(3)),
                                  .share = static_cast<int>(row.Integer(4))},
                    .queue = {.priority = static_cast<int>(row.Integer(6)),
                              .running_max = static_cast<int>(row.Integer(7)),
                              .failed_max = static_cast<int>(row.Integer(8))},
                    .reason = std::string(row.Text(10)),
                    .tasks = {}};
  TRY_ASSIGN(sweep.queue.order, SweepOrderByName(row.Text(5)));
  TRY_ASSIGN(sweep.state, ParseSweepState(row.Text(9)));
  return sweep;
}

Status ReadSweeps(Database& database, StoredState& state) {
  std::map<int64_t, size_t> positions;
  TRY(ForEach(database.Query("SELECT key, name, gpus, ranks, share, ordering, priority, "
                             "running_max, failed_max, state, reason FROM sweep ORDER BY key"),
              [&](const Statement& row) -> Status {
                positions.emplace(row.Integer(0), state.sweeps.size());
                TRY_ASSIGN(StoredSweep sweep, ReadSweep(row));
                state.sweeps.push_back(std::move(sweep));
                return {};
              }));
  const auto read_members = [&](TaskKind kind, std::string_view sql) {
    return ForEach(database.Query(sql), [&, kind](const Statement& row) -> Status {
      TRY_ASSIGN(const TaskId task, ReadTaskId(kind, row.Text(1)));
      state.sweeps[positions.at(row.Integer(0))].tasks.push_back(task);
      return {};
    });
  };
  TRY(read_members(TaskKind::kTrain, kTrainingsWanted));
  return read_members(TaskKind::kEvaluate, kEvaluationsWanted);
}

Status ReadAllWeights(Database& database, std::set<WeightsId>& weights) {
  return ForEach(database.Query("SELECT t.id, g.folder IS NOT NULL, g.best_folder IS NOT NULL "
                                "FROM training g JOIN trial t ON t.key = g.trial"),
                 [&](const Statement& row) -> Status {
                   TRY_ASSIGN(const TrialId trial, ParseId<TrialId>(row.Text(0)));
                   if (row.Integer(1) != 0) weights.insert({trial, CheckpointRole::kLast});
                   if (row.Integer(2) != 0) weights.insert({trial, CheckpointRole::kBest});
                   return {};
                 });
}

Status ReadWorkers(Database& database, int64_t now_ms, std::vector<StoredWorker>& workers) {
  return ForEach(
      database.Query(
          "SELECT id, host, slots, gpu_slots, memory, devices, ends_ms, draining, version "
          "FROM worker WHERE left_ms IS NULL ORDER BY key"),
      [&](const Statement& row) -> Status {
        StoredWorker worker{.description = {.worker = {},
                                            .host = std::string(row.Text(1)),
                                            .slots = static_cast<int>(row.Integer(2)),
                                            .gpu_slots = static_cast<int>(row.Integer(3)),
                                            .memory_bytes = row.Integer(4)},
                            .draining = row.Integer(7) != 0};
        WorkerJoined& joined = worker.description;
        TRY_ASSIGN(joined.worker, ParseId<WorkerId>(row.Text(0)));
        TRY_ASSIGN(joined.device_bytes, ReadNumbers<int64_t>(row.Text(5)));
        joined.version = row.Text(8);
        if (!row.IsNull(6)) joined.ends_in_ms = std::max<int64_t>(1, row.Integer(6) - now_ms);
        workers.push_back(std::move(worker));
        return {};
      });
}

Status ReadQuarantines(Database& database, int64_t now_ms, std::vector<StoredQuarantine>& hosts) {
  return ForEach(database.Query("SELECT host, begin_ms, end_ms, evidence FROM quarantine"),
                 [&](const Statement& row) -> Status {
                   // A wall clock that was set back must not make it longer than it was.
                   const int64_t whole_ms = row.Integer(2) - row.Integer(1);
                   const int64_t left_ms = std::min(row.Integer(2) - now_ms, whole_ms);
                   hosts.push_back({std::string(row.Text(0)), std::max<int64_t>(left_ms, 0),
                                    std::string(row.Text(3))});
                   return {};
                 });
}

// The one row of a query, handed to `read`.
template <class Read>
auto ReadOne(Result<Statement> row, const std::string& what, Read read)
    -> decltype(read(std::declval<const Statement&>())) {
  TRY(row.map([](const Statement&) {}));
  TRY_ASSIGN(const bool found, row->Step());
  if (!found) return Fail(ErrorKind::kNotFound, Format("there is no {}", what));
  return read(*row);
}

}  // namespace

Result<StoredState> ReadState(Database& database, int64_t now_ms) {
  StoredState state;
  TRY(ReadSweeps(database, state));
  TRY(ForEach(database.Query(kTasks), [&](const Statement& row) -> Status {
    TRY_ASSIGN(StoredTask task, ReadTask(row));
    state.tasks.push_back(std::move(task));
    return {};
  }));
  TRY(ReadAllWeights(database, state.weights));
  TRY(ReadWorkers(database, now_ms, state.workers));
  TRY(ReadQuarantines(database, now_ms, state.quarantined));
  TRY_ASSIGN(const auto newest, database.Integer("SELECT max(token) FROM attempt"));
  state.newest_token = Token{newest.value_or(0)};
  return state;
}

Result<SweepIds> ReadWanted(Database& database, const std::string& sweep_name) {
  SweepIds ids;
  TRY(ForEach(database.Query("SELECT t.id FROM sweep s JOIN membership m ON m.sweep = s.key "
                             "JOIN trial t ON t.key = m.trial WHERE s.name = ?1 AND m.wanted = 1 "
                             "ORDER BY m.ordinal",
                             sweep_name),
              [&](const Statement& row) -> Status {
                TRY_ASSIGN(const TrialId id, ParseId<TrialId>(row.Text(0)));
                ids.trials.push_back(id);
                return {};
              }));
  TRY(ForEach(database.Query("SELECT e.id FROM sweep s "
                             "JOIN evaluation_membership m ON m.sweep = s.key "
                             "JOIN evaluation e ON e.key = m.evaluation "
                             "WHERE s.name = ?1 AND m.wanted = 1 ORDER BY m.ordinal",
                             sweep_name),
              [&](const Statement& row) -> Status {
                TRY_ASSIGN(const EvaluationId id, ParseId<EvaluationId>(row.Text(0)));
                ids.evaluations.push_back(id);
                return {};
              }));
  return ids;
}

Result<TrialSpec> ReadTrial(Database& database, const TrialId& trial) {
  return ReadOne(database.Query("SELECT c.config FROM trial t JOIN trial_config c ON c.trial = "
                                "t.key WHERE t.id = ?1",
                                ToHex(trial)),
                 "trial " + ToHex(trial), [](const Statement& row) -> Result<TrialSpec> {
                   TRY_ASSIGN(const Json json, ParseJson(row.Text(0)));
                   return ParseTrial(json);
                 });
}

Result<EvaluationSpec> ReadEvaluation(Database& database, const EvaluationId& evaluation) {
  return ReadOne(database.Query("SELECT t.id, e.checkpoint, x.settings, e.images FROM evaluation e "
                                "JOIN trial t ON t.key = e.trial JOIN attack x ON x.key = e.attack "
                                "WHERE e.id = ?1",
                                ToHex(evaluation)),
                 "evaluation " + ToHex(evaluation),
                 [](const Statement& row) -> Result<EvaluationSpec> {
                   TRY_ASSIGN(const Json attack, ParseJson(row.Text(2)));
                   return ParseEvaluation({{"trial", row.Text(0)},
                                           {"checkpoint", row.Text(1)},
                                           {"attack", attack},
                                           {"images", row.Integer(3)}});
                 });
}

Result<CheckpointRef> ReadWeights(Database& database, const WeightsId& weights) {
  const bool best = weights.checkpoint == CheckpointRole::kBest;
  return ReadOne(
      best ? database.Query("SELECT g.best_folder, g.best_sha256 FROM trial t JOIN training g "
                            "ON g.trial = t.key WHERE t.id = ?1 AND g.best_folder IS NOT NULL",
                            ToHex(weights.trial))
           : database.Query("SELECT g.folder, g.model_sha256 FROM trial t JOIN training g "
                            "ON g.trial = t.key WHERE t.id = ?1 AND g.folder IS NOT NULL",
                            ToHex(weights.trial)),
      "weights of " + ToHex(weights.trial), [](const Statement& row) -> Result<CheckpointRef> {
        return CheckpointRef{std::filesystem::path(row.Text(0)), std::string(row.Text(1))};
      });
}

}  // namespace archsweep
