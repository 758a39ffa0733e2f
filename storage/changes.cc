#include "storage/changes.h"

#include "base/json.h"
#include "base/text.h"
#include "storage/event.h"
#include "storage/submission.h"

namespace archsweep {
namespace {

tl::unexpected<Error> Contradiction(std::string message) {
  return Fail(ErrorKind::kCorrupt, std::move(message));
}

// The token in the columns of a fact about an attempt.
struct TokenOf {
  template <class Fact>
  std::optional<int64_t> operator()(const Fact& fact) const {
    if constexpr (requires { fact.token; }) {
      return fact.token.value;
    } else {
      return std::nullopt;
    }
  }
};

// The columns of an attempt that say what it used. NULL: not known.
struct UseColumns {
  std::optional<int64_t> wall_ms{};
  std::optional<int64_t> cpu_ms{};
  std::optional<int64_t> memory_peak{};
  std::optional<int64_t> device_peak{};
  std::optional<double> device_busy{};
};

UseColumns ColumnsOf(const std::optional<ResourceUse>& use) {
  UseColumns columns;
  if (!use) return columns;
  columns.wall_ms = use->wall_ms;
  columns.cpu_ms = use->cpu_ms;
  columns.memory_peak = use->memory_peak_bytes;
  if (!use->device) return columns;
  columns.device_peak = use->device->memory_peak_bytes;
  columns.device_busy = use->device->busy;
  return columns;
}

TaskState StateAfter(AfterFailure next) {
  switch (next) {
    case AfterFailure::kQueued:
      return TaskState::kQueued;
    case AfterFailure::kBackoff:
      return TaskState::kBackoff;
    case AfterFailure::kFailed:
      return TaskState::kFailed;
    case AfterFailure::kCancelled:
      return TaskState::kCancelled;
  }
  return TaskState::kFailed;
}

}  // namespace

Status ChangeWriter::Write(const Change& change) {
  TRY_ASSIGN(
      const auto task,
      std::visit([&](const auto& fact) { return Apply(fact); }, change).map_error([&](Error error) {
        return WithContext(std::move(error), std::string(EventKind(change)));
      }));
  // A sweep has its event already, where it changed anything, and a measurement is none.
  const bool is_event = !std::holds_alternative<SweepRecorded>(change) &&
                        !std::holds_alternative<UseMeasured>(change);
  if (!is_event) return {};
  return RecordEvent(change, task);
}

Status ChangeWriter::RecordEvent(const Change& change, std::optional<int64_t> task) {
  return database_.Run(
      "INSERT INTO event (at_ms, epoch, kind, task, token, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      now_ms_, epoch_, EventKind(change), task, std::visit(TokenOf(), change), EventData(change));
}

Result<ChangeWriter::Task> ChangeWriter::FindTask(const TaskId& id) {
  const std::string hex = ToHex(TrialId{id.id});
  TRY_ASSIGN(
      Statement row,
      id.kind == TaskKind::kTrain
          ? database_.Query(
                "SELECT k.key, k.trial, k.evaluation, k.state, k.attempts, t.id FROM trial t "
                "JOIN task k ON k.trial = t.key AND k.evaluation IS NULL WHERE t.id = ?1",
                hex)
          : database_.Query(
                "SELECT k.key, k.trial, k.evaluation, k.state, k.attempts, e.id FROM evaluation e "
                "JOIN task k ON k.evaluation = e.key WHERE e.id = ?1",
                hex));
  TRY_ASSIGN(const bool found, row.Step());
  if (!found) return Contradiction(Format("there is no task {}", ToText(id)));
  return ReadTask(row);
}

Result<ChangeWriter::Task> ChangeWriter::FindLive(Token token) {
  TRY_ASSIGN(Statement row,
             database_.Query(
                 "SELECT k.key, k.trial, k.evaluation, k.state, k.attempts, coalesce(e.id, t.id) "
                 "FROM attempt a JOIN task k ON k.key = a.task JOIN trial t ON t.key = k.trial "
                 "LEFT JOIN evaluation e ON e.key = k.evaluation "
                 "WHERE a.token = ?1 AND a.ended_ms IS NULL",
                 token.value));
  TRY_ASSIGN(const bool found, row.Step());
  if (!found) return Contradiction(Format("token {} is not the live one of any task", token.value));
  return ReadTask(row);
}

Result<ChangeWriter::Task> ChangeWriter::ReadTask(const Statement& row) {
  Task task{.key = row.Integer(0),
            .id = {},
            .trial = row.Integer(1),
            .evaluation = {},
            .attempts = row.Integer(4)};
  if (!row.IsNull(2)) task.evaluation = row.Integer(2);
  TRY_ASSIGN(task.state, ParseTaskState(row.Text(3)));
  TRY_ASSIGN(const TrialId id, ParseId<TrialId>(row.Text(5)));
  task.id = TaskId{task.evaluation ? TaskKind::kEvaluate : TaskKind::kTrain, id.bytes};
  return task;
}

Result<ChangeWriter::Task> ChangeWriter::FindLive(Token token, const TaskId& id) {
  TRY_ASSIGN(Task task, FindLive(token));
  if (task.id == id) return task;
  return Contradiction(Format("token {} is live for task {} and not for {}", token.value,
                              ToText(task.id), ToText(id)));
}

Status ChangeWriter::EndAttempt(const Task& task, Token token,
                                const std::optional<ResourceUse>& use, const Failure* failure) {
  const auto failure_class =
      failure != nullptr ? std::optional(NameOf(failure->kind)) : std::nullopt;
  const auto message = failure != nullptr ? std::optional(failure->message) : std::nullopt;
  const UseColumns used = ColumnsOf(use);
  TRY(database_.Run(
      "UPDATE attempt SET state = ?2, failure = ?3, message = ?4, ended_ms = ?5, "
      "wall_ms = coalesce(?6, wall_ms), cpu_ms = coalesce(?7, cpu_ms), "
      "memory_peak = coalesce(?8, memory_peak), device_peak = coalesce(?9, device_peak), "
      "device_busy = coalesce(?10, device_busy) WHERE token = ?1",
      token.value, failure != nullptr ? "failed" : "succeeded", failure_class, message, now_ms_,
      used.wall_ms, used.cpu_ms, used.memory_peak, used.device_peak, used.device_busy));
  if (failure != nullptr) return {};
  return SetState(task, TaskState::kSucceeded);
}

Status ChangeWriter::SetState(const Task& task, TaskState state) {
  return database_.Run("UPDATE task SET state = ?2 WHERE key = ?1", task.key, NameOf(state));
}

ChangeWriter::Subject ChangeWriter::Apply(const WorkerJoined& fact) {
  // A worker joins again when its coordinator was restarted.
  const int64_t ends_ms = fact.ends_in_ms > 0 ? now_ms_ + fact.ends_in_ms : 0;
  TRY(database_.Run(
      "INSERT INTO worker (id, host, slots, gpu_slots, memory, devices, ends_ms, joined_ms, "
      "version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0), ?8, ?9) "
      "ON CONFLICT (id) DO UPDATE SET host = ?2, slots = ?3, gpu_slots = ?4, memory = ?5, "
      "devices = ?6, ends_ms = nullif(?7, 0), version = ?9, draining = 0, left_ms = NULL, "
      "left_reason = NULL",
      ToHex(fact.worker), fact.host, fact.slots, fact.gpu_slots, fact.memory_bytes,
      Json(fact.device_bytes).dump(), ends_ms, now_ms_, fact.version));
  return std::nullopt;
}

ChangeWriter::Subject ChangeWriter::Apply(const WorkerLeft& fact) {
  TRY(database_.Run("UPDATE worker SET left_ms = ?2, left_reason = ?3 WHERE id = ?1",
                    ToHex(fact.worker), now_ms_, fact.reason));
  if (database_.ChangedRows() == 1) return std::nullopt;
  return Contradiction(Format("worker {} never joined", ToHex(fact.worker)));
}

ChangeWriter::Subject ChangeWriter::Apply(const WorkerDrained& fact) {
  TRY(database_.Run("UPDATE worker SET draining = 1 WHERE id = ?1", ToHex(fact.worker)));
  if (database_.ChangedRows() == 1) return std::nullopt;
  return Contradiction(Format("worker {} never joined", ToHex(fact.worker)));
}

ChangeWriter::Subject ChangeWriter::Apply(const HostQuarantined& fact) {
  TRY(database_.Run(
      "INSERT INTO quarantine (host, begin_ms, end_ms, evidence) VALUES (?1, ?2, ?3, ?4) "
      "ON CONFLICT (host) DO UPDATE SET begin_ms = ?2, end_ms = ?3, evidence = ?4",
      fact.host, now_ms_, now_ms_ + fact.duration_ms, fact.evidence));
  return std::nullopt;
}

ChangeWriter::Subject ChangeWriter::Apply(const HostReleased& fact) {
  TRY(database_.Run("DELETE FROM quarantine WHERE host = ?1", fact.host));
  return std::nullopt;
}

ChangeWriter::Subject ChangeWriter::Apply(const SweepRecorded& fact) {
  TRY(WriteSweep(database_, *fact.sweep, epoch_, now_ms_));
  return std::nullopt;
}

ChangeWriter::Subject ChangeWriter::Apply(const SweepStateChanged& fact) {
  TRY(database_.Run("UPDATE sweep SET state = ?2, reason = ?3 WHERE name = ?1", fact.name,
                    NameOf(fact.state), fact.reason));
  if (database_.ChangedRows() == 1) return std::nullopt;
  return Contradiction(Format("there is no sweep '{}'", fact.name));
}

ChangeWriter::Subject ChangeWriter::Apply(const AttemptAssigned& fact) {
  TRY_ASSIGN(const Task task, FindTask(fact.task));
  TRY_ASSIGN(const auto newest, database_.Integer("SELECT max(token) FROM attempt"));
  TRY_ASSIGN(const auto worker,
             database_.Integer("SELECT key FROM worker WHERE id = ?1", ToHex(fact.worker)));
  if (task.state != TaskState::kQueued && task.state != TaskState::kBackoff) {
    return Contradiction(
        Format("task {} is {} and cannot be assigned", ToText(fact.task), NameOf(task.state)));
  }
  if (fact.token.value <= newest.value_or(0)) {
    return Contradiction(
        Format("token {} is not above the newest, {}", fact.token.value, newest.value_or(0)));
  }
  if (fact.number != task.attempts + 1) {
    return Contradiction(Format("attempt {} of task {} does not follow its attempt {}", fact.number,
                                ToText(fact.task), task.attempts));
  }
  if (!worker) return Contradiction(Format("worker {} never joined", ToHex(fact.worker)));
  TRY(database_.Run(
      "INSERT INTO attempt (token, task, number, worker, slots, assigned_ms, share, in_advance) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      fact.token.value, task.key, fact.number, *worker, Json(fact.slots).dump(), now_ms_,
      fact.share, fact.in_advance));
  TRY(database_.Run("UPDATE task SET state = ?2, attempts = ?3 WHERE key = ?1", task.key,
                    NameOf(TaskState::kAssigned), fact.number));
  return task.key;
}

ChangeWriter::Subject ChangeWriter::Apply(const AttemptStarted& fact) {
  TRY_ASSIGN(const Task task, FindLive(fact.token));
  // A worker repeats what it told a coordinator that ended before it answered; the first report
  // counts.
  if (task.state == TaskState::kRunning) return task.key;
  TRY(
      database_.Run("UPDATE attempt SET state = 'running', started_ms = ?2, version = ?3, "
                    "libraries = ?4, device = ?5, "
                    "threads = ?6, resumed_step = ?7 WHERE token = ?1",
                    fact.token.value, now_ms_, fact.line.version, fact.line.libraries,
                    fact.line.device, fact.line.threads, fact.line.resumed_step));
  TRY(SetState(task, TaskState::kRunning));
  return task.key;
}

ChangeWriter::Subject ChangeWriter::Apply(const EpochRecorded& fact) {
  TRY_ASSIGN(const Task task, FindLive(fact.token));
  const EpochLine& line = fact.line;
  TRY(database_.Run(
      "INSERT INTO epoch_metric (token, epoch, loss, natural_loss, robust_loss, natural_accuracy, "
      "robust_accuracy, learning_rate, seconds, recorded_ms, clean_accuracy, pgd20_accuracy, "
      "train_fgsm_accuracy) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
      "ON CONFLICT DO NOTHING",
      fact.token.value, line.epoch, line.loss, line.natural_loss, line.robust_loss,
      line.natural_accuracy, line.robust_accuracy, line.learning_rate, line.seconds, now_ms_,
      line.clean_accuracy, line.pgd20_accuracy, line.train_fgsm_accuracy));
  return task.key;
}

ChangeWriter::Subject ChangeWriter::Apply(const CheckpointRecorded& fact) {
  TRY_ASSIGN(const Task task, FindLive(fact.token));
  TRY(database_.Run(
      "INSERT INTO checkpoint (token, step, folder, model_sha256, recorded_ms) "
      "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
      fact.token.value, fact.line.step, fact.line.folder, fact.line.model_sha256, now_ms_));
  return task.key;
}

ChangeWriter::Subject ChangeWriter::Apply(const UseMeasured& fact) {
  const UseColumns used = ColumnsOf(fact.use);
  TRY(database_.Run(
      "UPDATE attempt SET wall_ms = ?2, cpu_ms = ?3, memory_peak = ?4, device_peak = ?5, "
      "device_busy = ?6 WHERE token = ?1 AND ended_ms IS NULL",
      fact.token.value, used.wall_ms, used.cpu_ms, used.memory_peak, used.device_peak,
      used.device_busy));
  if (database_.ChangedRows() == 1) return std::nullopt;
  return Contradiction(Format("token {} is not the live one of any task", fact.token.value));
}

ChangeWriter::Subject ChangeWriter::Apply(const TrainingSucceeded& fact) {
  TRY_ASSIGN(const Task task, FindLive(fact.token, TaskId::Train(fact.trial)));
  const TrainedLine& line = fact.line;
  const auto folder = line.diverged ? std::nullopt : std::optional(line.folder);
  const auto digest = line.diverged ? std::nullopt : std::optional(line.model_sha256);
  // The line knows the seconds of its own attempt; those of epochs that only earlier attempts did
  // are added.
  TRY(database_.Run(
      "INSERT INTO training (trial, token, diverged, steps, seconds, folder, model_sha256) "
      "SELECT ?1, ?2, ?3, ?4, ?5 + coalesce((SELECT sum(seconds) FROM "
      "(SELECT max(m.token) AS newest, m.seconds AS seconds FROM attempt a "
      "JOIN epoch_metric m ON m.token = a.token WHERE a.task = ?8 GROUP BY m.epoch) "
      "WHERE newest <> ?2), 0), ?6, ?7",
      task.trial, fact.token.value, line.diverged, line.steps, line.seconds, folder, digest,
      task.key));
  if (line.best) TRY(RecordBest(task.trial, *line.best));
  TRY(EndAttempt(task, fact.token, fact.use));
  return task.key;
}

Status ChangeWriter::RecordBest(int64_t trial, const BestCheckpoint& best) {
  return database_.Run(
      "UPDATE training SET best_folder = ?2, best_sha256 = ?3, best_step = ?4, best_epoch = ?5, "
      "best_accuracy = ?6 WHERE trial = ?1",
      trial, best.folder, best.model_sha256, best.step, best.epoch, best.accuracy);
}

// A result is of weights that are there.
Status ChangeWriter::CheckWeights(const Task& task) {
  TRY_ASSIGN(Statement row, database_.Query("SELECT g.diverged, e.checkpoint = 'best' AND "
                                            "g.best_folder IS NULL FROM evaluation e JOIN training "
                                            "g ON g.trial = e.trial WHERE e.key = ?1",
                                            task.evaluation));
  TRY_ASSIGN(const bool is_trained, row.Step());
  std::string why;
  if (!is_trained) {
    why = "is not trained";
  } else if (row.Integer(0) != 0) {
    why = "diverged";
  } else if (row.Integer(1) != 0) {
    why = "has no best checkpoint";
  }
  if (why.empty()) return {};
  return Contradiction(Format("task {} has a result, but its trial {}", ToText(task.id), why));
}

ChangeWriter::Subject ChangeWriter::Apply(const EvaluationSucceeded& fact) {
  TRY_ASSIGN(const Task task, FindLive(fact.token, TaskId::Evaluate(fact.evaluation)));
  TRY(CheckWeights(task));
  const EvaluatedLine& line = fact.line;
  const auto file = line.artifact ? std::optional(line.artifact->file) : std::nullopt;
  const auto digest = line.artifact ? std::optional(line.artifact->sha256) : std::nullopt;
  TRY(database_.Run(
      "INSERT INTO result (trial, evaluation, token, images, correct, loss, seconds, flags, "
      "warnings, forward_images, backward_images, saved_images, artifact, artifact_sha256) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
      task.trial, task.evaluation, fact.token.value, line.images, line.correct, line.loss,
      line.seconds, Blob{fact.flags}, Json(line.warnings).dump(), line.forward_images,
      line.backward_images, line.saved_images, file, digest));
  TRY(EndAttempt(task, fact.token, fact.use));
  return task.key;
}

ChangeWriter::Subject ChangeWriter::Apply(const AttemptFailed& fact) {
  TRY_ASSIGN(const Task task, FindLive(fact.token, fact.task));
  TRY(EndAttempt(task, fact.token, fact.use, &fact.failure));
  TRY(database_.Run("UPDATE task SET state = ?2, charged = ?3, uncharged = ?4 WHERE key = ?1",
                    task.key, NameOf(StateAfter(fact.next)), fact.charged, fact.uncharged));
  return task.key;
}

ChangeWriter::Subject ChangeWriter::Apply(const ReportRefused& fact) {
  return database_.Integer("SELECT task FROM attempt WHERE token = ?1", fact.token.value);
}

ChangeWriter::Subject ChangeWriter::Apply(const TaskCancelled& fact) {
  TRY_ASSIGN(const Task task, FindTask(fact.task));
  if (task.state != TaskState::kQueued && task.state != TaskState::kBackoff) {
    return Contradiction(Format("task {} is {}; only one that waits can be cancelled",
                                ToText(fact.task), NameOf(task.state)));
  }
  TRY(SetState(task, TaskState::kCancelled));
  return task.key;
}

ChangeWriter::Subject ChangeWriter::Apply(const TaskRequeued& fact) {
  TRY_ASSIGN(const Task task, FindTask(fact.task));
  if (task.state != TaskState::kFailed && task.state != TaskState::kCancelled) {
    return Contradiction(Format("task {} is {}; only a failed or cancelled one can be queued again",
                                ToText(fact.task), NameOf(task.state)));
  }
  TRY(database_.Run("UPDATE task SET state = 'queued', charged = 0, uncharged = 0 WHERE key = ?1",
                    task.key));
  return task.key;
}

}  // namespace archsweep
