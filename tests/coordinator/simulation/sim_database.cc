#include "tests/coordinator/simulation/sim_database.h"

#include <algorithm>

#include "base/text.h"
#include "coordinator/scheduler/policy.h"
#include "tests/coordinator/simulation/sim_worker.h"

namespace archsweep {

namespace {

// As design and reference have it, not as the policy does.
bool IsTheTasksFault(FailureClass failure) {
  return failure == FailureClass::kConfiguration || failure == FailureClass::kOutOfMemory ||
         failure == FailureClass::kTask || failure == FailureClass::kStalled;
}

}  // namespace

void SimDatabase::Apply(std::span<const Change> changes, int64_t now_ms) {
  now_ms_ = now_ms;
  for (const Change& change : changes) {
    std::visit([this](const auto& fact) { Apply(fact); }, change);
    history_.push_back(change);
  }
}

bool SimDatabase::Expect(bool holds, const std::string& text) {
  if (!holds) Violate(text);
  return holds;
}

SimDatabase::Attempt* SimDatabase::Live(Token token) {
  const auto found = attempts_.find(token);
  if (!Expect(found != attempts_.end() && !found->second.ended,
              Format("a fact under token {}, which is not live", token.value))) {
    return nullptr;
  }
  const auto& live = tasks_.at(found->second.task).live;
  Expect(live && live->token == token, "a fact under a token that is not its task's newest");
  return &found->second;
}

void SimDatabase::Move(StoredTask& task, TaskState state) {
  ++transitions_[Format("{}>{}", NameOf(task.state), NameOf(state))];
  task.state = state;
}

void SimDatabase::Apply(const WorkerJoined& fact) {
  workers_[fact.worker] = {fact, false};
  joined_ms_[fact.worker] = now_ms_;
}

void SimDatabase::Apply(const WorkerLeft& fact) {
  Expect(workers_.erase(fact.worker) == 1, "a worker left that never joined");
  for (const auto& [token, attempt] : attempts_) {
    Expect(attempt.ended || attempt.worker != fact.worker, "a worker left with a live attempt");
  }
}

void SimDatabase::Apply(const WorkerDrained& fact) { workers_.at(fact.worker).draining = true; }

void SimDatabase::Apply(const HostQuarantined& fact) {
  quarantined_[fact.host] = {now_ms_ + fact.duration_ms, fact.evidence};
}

void SimDatabase::Apply(const HostReleased& fact) { quarantined_.erase(fact.host); }

void SimDatabase::Apply(const SweepRecorded& fact) {
  const ExpandedSweep& file = *fact.sweep;
  auto row = std::ranges::find_if(sweeps_,
                                  [&](const Row& known) { return known.file->name == file.name; });
  if (row == sweeps_.end()) {
    sweeps_.push_back({.file = fact.sweep, .reason = "", .tasks = {}});
    row = std::prev(sweeps_.end());
  }
  row->file = fact.sweep;
  row->tasks.clear();
  for (const SweepTrial& trial : file.trials) trials_.emplace(trial.id, trial);
  for (const EvaluationSpec& spec : file.evaluations) evaluations_.emplace(IdOf(spec), spec);
  for (const TaskSpec& spec : TasksOf(file)) {
    row->tasks.push_back(spec.id);
    tasks_.try_emplace(spec.id, StoredTask{.spec = spec, .failure = "", .live = {}});
  }
}

void SimDatabase::Apply(const SweepStateChanged& fact) {
  for (Row& row : sweeps_) {
    if (row.file->name != fact.name) continue;
    row.state = fact.state;
    row.reason = fact.reason;
  }
}

void SimDatabase::Apply(const AttemptAssigned& fact) {
  StoredTask& task = tasks_.at(fact.task);
  Expect(fact.token > newest_, "tokens must grow");
  Expect(!done_.contains(fact.task), "a finished task is assigned again");
  Expect(task.state == TaskState::kQueued || task.state == TaskState::kBackoff,
         Format("a task is assigned that is {}", NameOf(task.state)));
  Expect(!task.live, "two live attempts of one task");
  Expect(fact.number == task.attempts + 1, "the numbers of attempts have a gap");
  Expect(workers_.contains(fact.worker), "an attempt is assigned to a worker that is not there");
  newest_ = std::max(newest_, fact.token);
  task.attempts = fact.number;
  task.live = LiveAttempt{fact.token, fact.worker, fact.slots, fact.share, fact.in_advance};
  attempts_[fact.token] = {fact.task, fact.worker, fact.slots, fact.share, fact.in_advance};
  Move(task, TaskState::kAssigned);
}

void SimDatabase::Apply(const AttemptStarted& fact) {
  Attempt* const attempt = Live(fact.token);
  if (attempt == nullptr) return;
  attempt->running = true;
  Move(tasks_.at(attempt->task), TaskState::kRunning);
}

void SimDatabase::Apply(const EpochRecorded& fact) {
  if (Attempt* const attempt = Live(fact.token)) attempt->epochs.insert(fact.line.epoch);
}

void SimDatabase::Apply(const CheckpointRecorded& fact) {
  if (Attempt* const attempt = Live(fact.token)) attempt->checkpoints.insert(fact.line.step);
}

void SimDatabase::Apply(const UseMeasured& fact) {
  if (Live(fact.token) != nullptr) ++transitions_["use measured"];
}

void SimDatabase::Succeed(Token token, const TaskId& id) {
  Attempt* const attempt = Live(token);
  if (attempt == nullptr) return;
  Expect(attempt->task == id, "a result under the token of another task");
  Expect(attempt->running, "a result of an attempt that never started");
  Expect(done_.insert(id).second, "two results of one task");
  attempt->ended = true;
  StoredTask& task = tasks_.at(id);
  task.live.reset();
  Move(task, TaskState::kSucceeded);
}

void SimDatabase::Apply(const TrainingSucceeded& fact) {
  Succeed(fact.token, TaskId::Train(fact.trial));
  if (!fact.line.diverged) weights_.insert({fact.trial, CheckpointRole::kLast});
}

void SimDatabase::Apply(const EvaluationSucceeded& fact) {
  const EvaluationSpec& spec = evaluations_.at(fact.evaluation);
  Expect(weights_.contains({spec.trial, spec.checkpoint}), "a result without weights");
  Succeed(fact.token, TaskId::Evaluate(fact.evaluation));
  ++results_;
}

void SimDatabase::Apply(const AttemptFailed& fact) {
  Attempt* const attempt = Live(fact.token);
  if (attempt == nullptr) return;
  attempt->ended = true;
  StoredTask& task = tasks_.at(fact.task);
  task.live.reset();
  const int charged = fact.charged - task.charged;
  const int uncharged = fact.uncharged - task.uncharged;
  Expect(charged >= 0 && uncharged >= 0 && charged + uncharged <= 1, "one end counts twice");
  Expect(fact.failure.message != kForged, "an attempt is ended by a worker that never had it");
  Expect(charged == 0 || IsTheTasksFault(fact.failure.kind),
         Format("a task is charged for '{}'", NameOf(fact.failure.kind)));
  Expect(uncharged == 0 || attempt->running || !attempt->in_advance ||
             fact.failure.kind != FailureClass::kLost,
         "an attempt in advance counts as lost");
  Expect(fact.charged <= kChargedFailuresMax && fact.uncharged <= kUnchargedFailuresMax,
         "a budget is exceeded");
  const bool may_be_final = fact.failure.kind == FailureClass::kConfiguration ||
                            fact.failure.kind == FailureClass::kOutOfMemory ||
                            fact.charged == kChargedFailuresMax ||
                            fact.uncharged == kUnchargedFailuresMax;
  Expect(fact.next != AfterFailure::kFailed || may_be_final, "a task fails within its budget");
  task.charged = fact.charged;
  task.uncharged = fact.uncharged;
  backoff_since_ms_[fact.task] = now_ms_;
  switch (fact.next) {
    case AfterFailure::kQueued:
      return Move(task, TaskState::kQueued);
    case AfterFailure::kBackoff:
      return Move(task, TaskState::kBackoff);
    case AfterFailure::kFailed:
      task.failure = Format("{}: {}", NameOf(fact.failure.kind), fact.failure.message);
      return Move(task, TaskState::kFailed);
    case AfterFailure::kCancelled:
      return Move(task, TaskState::kCancelled);
  }
}

void SimDatabase::Apply(const ReportRefused& fact) {
  const Attempt* const attempt = AttemptOf(fact.token);
  Expect(!fact.what.empty(), "a refused report without its content");
  const bool is_over = attempt != nullptr && attempt->ended;
  const bool is_forged = fact.what.find(kForged) != std::string::npos;
  Expect(is_over || is_forged, "a report is refused under a live token");
  ++transitions_["report refused"];
}

void SimDatabase::Apply(const TaskCancelled& fact) {
  StoredTask& task = tasks_.at(fact.task);
  Expect(task.state == TaskState::kQueued || task.state == TaskState::kBackoff,
         "a task is cancelled that does not wait");
  Move(task, TaskState::kCancelled);
}

void SimDatabase::Apply(const TaskRequeued& fact) {
  StoredTask& task = tasks_.at(fact.task);
  Expect(task.state == TaskState::kFailed || task.state == TaskState::kCancelled,
         "a task is queued again that was not over");
  task.charged = 0;
  task.uncharged = 0;
  task.failure.clear();
  Move(task, TaskState::kQueued);
}

StoredState SimDatabase::Load(int64_t now_ms) const {
  StoredState state{.weights = weights_, .newest_token = newest_};
  for (const Row& row : sweeps_) {
    state.sweeps.push_back(
        {row.file->name, row.file->resources, row.file->queue, row.state, row.reason, row.tasks});
  }
  for (const auto& [id, task] : tasks_) state.tasks.push_back(task);
  for (const auto& [id, worker] : workers_) {
    state.workers.push_back(worker);
    const auto left_ms = LeftMs(id, now_ms);
    if (left_ms) state.workers.back().description.ends_in_ms = std::max<int64_t>(1, *left_ms);
  }
  for (const auto& [host, ban] : quarantined_) {
    state.quarantined.push_back({host, std::max<int64_t>(0, ban.first - now_ms), ban.second});
  }
  return state;
}

SweepIds SimDatabase::Wanted(const std::string& name) const {
  SweepIds ids;
  const ExpandedSweep* const sweep = SweepOf(name);
  if (sweep == nullptr) return ids;
  for (const SweepTrial& trial : sweep->trials) ids.trials.push_back(trial.id);
  for (const EvaluationSpec& spec : sweep->evaluations) ids.evaluations.push_back(IdOf(spec));
  return ids;
}

const ExpandedSweep* SimDatabase::SweepOf(const std::string& name) const {
  const auto row =
      std::ranges::find_if(sweeps_, [&](const Row& known) { return known.file->name == name; });
  return row == sweeps_.end() ? nullptr : row->file.get();
}

const SweepTrial* SimDatabase::TrialOf(const TrialId& trial) const {
  const auto found = trials_.find(trial);
  return found == trials_.end() ? nullptr : &found->second;
}

const EvaluationSpec* SimDatabase::EvaluationOf(const EvaluationId& evaluation) const {
  const auto found = evaluations_.find(evaluation);
  return found == evaluations_.end() ? nullptr : &found->second;
}

const SimDatabase::Attempt* SimDatabase::AttemptOf(Token token) const {
  const auto found = attempts_.find(token);
  return found == attempts_.end() ? nullptr : &found->second;
}

bool SimDatabase::Wants(const TaskId& task) const {
  return std::ranges::any_of(sweeps_, [&](const Row& row) {
    return row.state != SweepState::kCancelled &&
           std::ranges::find(row.tasks, task) != row.tasks.end();
  });
}

std::optional<int64_t> SimDatabase::LeftMs(const WorkerId& worker, int64_t now_ms) const {
  const int64_t ends_in_ms = WorkerOf(worker).ends_in_ms;
  if (ends_in_ms == 0) return std::nullopt;
  return joined_ms_.at(worker) + ends_in_ms - now_ms;
}

std::optional<int64_t> SimDatabase::QuarantineEndMs(const std::string& host) const {
  const auto found = quarantined_.find(host);
  if (found == quarantined_.end()) return std::nullopt;
  return found->second.first;
}

bool SimDatabase::IsFresh(const StoredTask& task) const {
  return task.state == TaskState::kQueued && task.attempts == 0 &&
         (task.spec.id.kind == TaskKind::kTrain ||
          weights_.contains({task.spec.trial, task.spec.checkpoint}));
}

bool SimDatabase::IsDraining(const WorkerId& worker) const {
  const auto found = workers_.find(worker);
  return found != workers_.end() && found->second.draining;
}

bool SimDatabase::IsQuarantined(const WorkerId& worker) const {
  const auto found = workers_.find(worker);
  return found != workers_.end() && quarantined_.contains(found->second.description.host);
}

bool SimDatabase::IsActiveSweep(const std::string& name) const {
  return std::ranges::any_of(sweeps_, [&](const Row& row) {
    return row.file->name == name && row.state == SweepState::kActive;
  });
}

std::vector<std::string> SimDatabase::PausedSweeps() const {
  std::vector<std::string> names;
  for (const Row& row : sweeps_) {
    if (row.state == SweepState::kPaused) names.push_back(row.file->name);
  }
  return names;
}

std::vector<std::string> SimDatabase::ActiveSweepsOf(const TaskId& task) const {
  std::vector<std::string> names;
  for (const Row& row : sweeps_) {
    const bool has = std::ranges::find(row.tasks, task) != row.tasks.end();
    if (has && row.state == SweepState::kActive) names.push_back(row.file->name);
  }
  return names;
}

bool SimDatabase::Agrees(const TaskId& id, const Task& task) const {
  const StoredTask& stored = tasks_.at(id);
  const TaskState state = stored.state;
  bool same = false;
  // What backs off in the database is queued after a restart.
  if (std::holds_alternative<Queued>(task.status)) {
    same = state == TaskState::kQueued || state == TaskState::kBackoff;
  }
  if (std::holds_alternative<BackingOff>(task.status)) same = state == TaskState::kBackoff;
  if (std::holds_alternative<Assigned>(task.status)) same = state == TaskState::kAssigned;
  if (std::holds_alternative<Running>(task.status)) same = state == TaskState::kRunning;
  if (std::holds_alternative<Succeeded>(task.status)) same = state == TaskState::kSucceeded;
  if (std::holds_alternative<Failed>(task.status)) same = state == TaskState::kFailed;
  if (std::holds_alternative<Cancelled>(task.status)) same = state == TaskState::kCancelled;
  return same && stored.attempts == task.attempts && stored.charged == task.charged &&
         stored.uncharged == task.uncharged;
}

std::vector<LiveAttemptView> SimDatabase::LiveAttempts() const {
  std::vector<LiveAttemptView> live;
  for (const auto& [id, task] : tasks_) {
    if (task.live) live.push_back({task.live->token, id, task.live->worker});
  }
  return live;
}

size_t SimDatabase::TasksOfState(TaskState state) const {
  return static_cast<size_t>(std::ranges::count_if(
      tasks_, [&](const auto& entry) { return entry.second.state == state; }));
}

void SimDatabase::CheckPromises() {
  std::map<std::pair<WorkerId, int>, std::vector<const Attempt*>> slots;
  for (const auto& [id, task] : tasks_) {
    const bool live = task.state == TaskState::kAssigned || task.state == TaskState::kRunning;
    Expect(live == task.live.has_value(), "a task is live without an attempt, or not with one");
    const bool waits = task.state == TaskState::kQueued || task.state == TaskState::kBackoff;
    if (waits) Expect(Wants(id), "a task waits that no sweep wants");
    if (task.state == TaskState::kCancelled) {
      Expect(!Wants(id), "a task is cancelled that a sweep wants");
    }
    if (!task.live) continue;
    const Attempt& attempt = attempts_.at(task.live->token);
    Expect(workers_.contains(attempt.worker), "an attempt runs on a worker that is not there");
    for (const int slot : attempt.slots) slots[{attempt.worker, slot}].push_back(&attempt);
  }
  for (const auto& [slot, attempts] : slots) {
    const auto worker = workers_.find(slot.first);
    if (worker == workers_.end()) continue;
    Expect(slot.second < worker->second.description.slots, "a slot that the worker does not have");
    int share = attempts.front()->share;
    int in_advance = 0;
    for (const Attempt* attempt : attempts) {
      share = std::min(share, attempt->share);
      in_advance += attempt->in_advance;
    }
    const auto count = static_cast<int>(attempts.size());
    Expect(count <= share + std::min(in_advance, 1), "a slot is given out twice");
  }
}

bool SimDatabase::EqualsReplay(int64_t now_ms) const {
  SimDatabase replayed;
  for (const Change& change : history_) replayed.Apply(std::span(&change, 1), now_ms);
  const auto equal = [](const auto& a, const auto& b) {
    return a.second.state == b.second.state && a.second.attempts == b.second.attempts &&
           a.second.charged == b.second.charged && a.second.uncharged == b.second.uncharged;
  };
  return replayed.violations_.size() <= violations_.size() &&
         std::ranges::equal(tasks_, replayed.tasks_, equal) && weights_ == replayed.weights_ &&
         newest_ == replayed.newest_ && results_ == replayed.results_;
}

}  // namespace archsweep
