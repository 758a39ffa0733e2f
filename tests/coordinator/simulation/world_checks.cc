#include "tests/coordinator/simulation/world.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "coordinator/scheduler/policy.h"
#include "tests/coordinator/simulation/sweeps.h"

namespace archsweep {

void World::CheckChange(const Change& change) {
  CheckUse(change);
  if (const auto* assigned = std::get_if<AttemptAssigned>(&change)) CheckAssigned(*assigned);
  if (const auto* epoch = std::get_if<EpochRecorded>(&change)) {
    CheckOnce(epoch->token, epoch->line.epoch, "epoch");
  }
  if (const auto* checkpoint = std::get_if<CheckpointRecorded>(&change)) {
    CheckOnce(checkpoint->token, checkpoint->line.step, "checkpoint");
  }
  const auto* left = std::get_if<WorkerLeft>(&change);
  if (left == nullptr || left->reason.find("silent") == std::string::npos) return;
  const int64_t heard_ms = std::max(opened_ms_, heard_ms_[left->worker]);
  if (now_ms_ - heard_ms < kLeaseMs) Violate("a worker is lost before its lease is over");
}

// What is recorded of an attempt is what its own worker told of it, and not too often.
void World::CheckUse(const Change& change) {
  if (const auto* assigned = std::get_if<AttemptAssigned>(&change)) {
    measured_ms_[assigned->token] = now_ms_;
  }
  const auto check = [this](Token token, const std::optional<ResourceUse>& use) {
    if (use && use->memory_bytes != token.value) Violate("another attempt's use is recorded");
  };
  if (const auto* measured = std::get_if<UseMeasured>(&change)) {
    check(measured->token, measured->use);
    const int64_t since_ms = std::exchange(measured_ms_[measured->token], now_ms_);
    if (now_ms_ - since_ms < kUseRecordMs) Violate("what an attempt uses is recorded too often");
  }
  if (const auto* trained = std::get_if<TrainingSucceeded>(&change)) {
    check(trained->token, trained->use);
    if (!trained->use) Violate("what a training used is not recorded with its end");
  }
  if (const auto* evaluated = std::get_if<EvaluationSucceeded>(&change)) {
    check(evaluated->token, evaluated->use);
    if (!evaluated->use) Violate("what an evaluation used is not recorded with its end");
  }
  if (const auto* failed = std::get_if<AttemptFailed>(&change)) check(failed->token, failed->use);
}

void World::CheckOnce(Token token, int64_t number, const char* what) {
  if (recorded_.emplace(token, number, what).second) return;
  Violate(Format("a line that is repeated takes effect twice: {}", what));
}

bool World::IsWantedNow(const TaskId& task) const { return database_.IsActive(task); }

int World::CountWantedOnlyBy(const std::string& sweep) const {
  int count = 0;
  for (const LiveAttemptView& attempt : database_.LiveAttempts()) {
    count += database_.ActiveSweepsOf(attempt.task) == std::vector<std::string>{sweep};
  }
  return count;
}

void World::CheckAssigned(const AttemptAssigned& fact) {
  const auto sweeps = database_.ActiveSweepsOf(fact.task);
  if (sweeps.empty()) Violate("a task is assigned that no active sweep wants");
  if (database_.IsDraining(fact.worker)) Violate("a worker that drains gets an attempt");
  if (database_.IsQuarantined(fact.worker)) Violate("a host in quarantine gets an attempt");
  const auto heard = heard_ms_.find(fact.worker);
  if (heard == heard_ms_.end() || heard->second < opened_ms_) {
    Violate("a worker gets an attempt that was not heard since the coordinator began");
  }
  const StoredTask& task = database_.Tasks().at(fact.task);
  const int64_t waited_ms =
      task.state == TaskState::kBackoff ? now_ms_ - database_.BackoffSinceMs(fact.task) : 0;
  if (task.state == TaskState::kBackoff && waited_ms < kBackoffFirstMs / 2 &&
      database_.BackoffSinceMs(fact.task) > opened_ms_) {
    Violate("a task is tried again before it has backed off");
  }
  if (!database_.Knows(fact.worker)) return;  // Which the database tells.
  CheckSeat(fact, sweeps);
  CheckOrder(fact);
}

void World::CheckSeat(const AttemptAssigned& fact, const std::vector<std::string>& sweeps) {
  const WorkerJoined& worker = database_.WorkerOf(fact.worker);
  bool fits = false;
  for (const std::string& name : sweeps) {
    const ExpandedSweep& sweep = *database_.SweepOf(name);
    const bool is_gpu = std::ranges::all_of(
        fact.slots, [&](int slot) { return slot >= worker.slots - worker.gpu_slots; });
    const bool is_cpu = std::ranges::all_of(
        fact.slots, [&](int slot) { return slot < worker.slots - worker.gpu_slots; });
    fits = fits || (sweep.resources.ranks == static_cast<int>(fact.slots.size()) &&
                    (sweep.resources.gpus > 0 ? is_gpu : is_cpu));
    if (sweeps.size() == 1 && CountWantedOnlyBy(name) >= sweep.queue.running_max) {
      Violate("a sweep runs more at once than it may");
    }
  }
  if (!fits) Violate("an attempt has slots of another number or kind than it needs");
  const auto left_ms = database_.LeftMs(fact.worker, now_ms_);
  const bool trains = fact.task.kind == TaskKind::kTrain;
  if (trains && left_ms && *left_ms < kTrainingTimeMinMs) {
    Violate("a training begins where there is no time for it");
  }
}

// Nothing of a higher priority waits that would fit there as well: what asks for the same slots and
// no more memory, and was never tried, for what was tried may have a reason not to go there.
void World::CheckOrder(const AttemptAssigned& fact) {
  const auto sweeps = database_.ActiveSweepsOf(fact.task);
  if (sweeps.size() != 1 || fact.in_advance || fact.slots.size() > 1) return;
  if (database_.LeftMs(fact.worker, now_ms_)) return;
  const ExpandedSweep& sweep = *database_.SweepOf(sweeps.front());
  const int64_t memory = database_.Tasks().at(fact.task).spec.memory;
  for (const auto& [id, task] : database_.Tasks()) {
    if (id == fact.task || !database_.IsFresh(task) || task.spec.memory > memory) continue;
    for (const std::string& name : database_.ActiveSweepsOf(id)) {
      const ExpandedSweep& other = *database_.SweepOf(name);
      // One that may run few at once counts also what it shares with others.
      const bool is_bounded = other.queue.running_max < static_cast<int>(other.trials.size());
      if (is_bounded || other.queue.priority <= sweep.queue.priority) continue;
      if (other.resources == sweep.resources) Violate("a higher priority has to wait");
    }
  }
}

void World::CheckAll() {
  database_.CheckPromises();
  if (!core_) return;
  core_->State().CheckInvariants();
  CheckWorkers();
  for (const auto& [id, task] : core_->State().Tasks()) {
    if (!database_.Agrees(id, task)) Violate("the database does not say what the scheduler does");
  }
}

void World::CheckWorkers() {
  for (const auto& [id, worker] : core_->State().Workers().Workers()) {
    if (!database_.Knows(id)) {
      Violate("a worker is known that is not durable");
      continue;
    }
    if (now_ms_ - std::max(opened_ms_, heard_ms_[id]) > kLeaseMs) {
      Violate("a worker is silent and not lost");
    }
    if (worker.banned != database_.IsQuarantined(id)) Violate("a quarantine is not as it is told");
    const auto end_ms = database_.QuarantineEndMs(worker.host);
    if (end_ms && *end_ms < now_ms_) Violate("a quarantine does not end");
    if (worker.draining != database_.IsDraining(id)) Violate("a drain is not as it is told");
  }
}

void World::AnswerRegister(size_t worker, WorkerId life, int64_t call,
                           Result<RegisterAnswer> answer) {
  if (answer && !database_.Knows(life)) Violate("a worker is told that it joined before it is so");
  Send(Answer{worker, life, call, std::move(answer)});
}

void World::AnswerReport(size_t worker, const WorkerReport& report, int64_t call,
                         Result<WorkerOrders> answer) {
  if (answer) CheckOrders(report, *answer);
  Send(Answer{worker, report.worker, call, std::move(answer)});
}

// What is told is durable, and what was told to the coordinator too.
void World::CheckOrders(const WorkerReport& report, const WorkerOrders& orders) {
  for (const ObservedAttempt& observed : report.attempts) CheckObserved(report, observed);
  if (orders.attempts.empty() && !report.leaving && database_.IsDraining(report.worker) &&
      !orders.leave) {
    Violate("a worker that drains and holds nothing is not told to leave");
  }
  for (const AttemptOrder& order : orders.attempts) {
    const auto* attempt = database_.AttemptOf(order.token);
    if (attempt == nullptr || attempt->ended || attempt->worker != report.worker) {
      Violate("an attempt is ordered that is not durable");
      continue;
    }
    const bool may_stop = may_stop_.contains(order.token) || !IsWantedNow(attempt->task) ||
                          database_.IsDraining(report.worker);
    const bool is_told_of = std::ranges::find(report.attempts, order.token,
                                              &ObservedAttempt::token) != report.attempts.end();
    if (order.known != is_told_of) Violate("a worker is not told just what it does not know");
    if (order.stop && !may_stop) Violate("an attempt is stopped that an active sweep wants");
    const bool must_stop = !IsWantedNow(attempt->task) || database_.IsDraining(report.worker);
    if (must_stop && !order.stop) Violate("an attempt goes on that shall stop");
  }
}

void World::CheckObserved(const WorkerReport& report, const ObservedAttempt& observed) {
  const auto* attempt = database_.AttemptOf(observed.token);
  if (attempt != nullptr && attempt->worker != report.worker) return;
  const bool is_over = attempt != nullptr && attempt->ended;
  for (const NumberedLine& line : observed.lines) {
    if (IsFinal(line.line) && !is_over) Violate("an end is acknowledged that is not durable");
    if (attempt == nullptr || is_over) continue;
    const auto* epoch = std::get_if<EpochLine>(&line.line);
    const auto* checkpoint = std::get_if<CheckpointLine>(&line.line);
    const bool is_start = std::holds_alternative<StartedLine>(line.line);
    if ((is_start && !attempt->running) ||
        (epoch != nullptr && !attempt->epochs.contains(epoch->epoch)) ||
        (checkpoint != nullptr && !attempt->checkpoints.contains(checkpoint->step))) {
      Violate("a line is acknowledged that is not durable");
    }
  }
}

}  // namespace archsweep
