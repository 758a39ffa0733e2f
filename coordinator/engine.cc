#include "coordinator/engine.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "coordinator/patience.h"
#include "coordinator/recovery.h"
#include "coordinator/scheduler/policy.h"

namespace archsweep {
namespace {

constexpr int64_t kLongestWaitMs = 1'000;  // Also how old a snapshot can get.

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Start(Store store, const ExpandedSweep& sweep,
                                              const Clock& clock) {
  TRY(store.Submit(sweep));
  TRY_ASSIGN(const StoredSweep stored, store.Load(sweep.name));
  std::vector<Change> requeued;
  const InitialState initial = Recover(sweep, stored, requeued);
  TRY(store.Commit(requeued));
  std::unique_ptr<Engine> engine(new Engine(std::move(store), sweep, stored, initial, clock));
  engine->thread_ = std::jthread([raw = engine.get()] { raw->Loop(); });
  return engine;
}

Engine::Engine(Store store, const ExpandedSweep& sweep, const StoredSweep& stored,
               const InitialState& initial, const Clock& clock)
    : store_(std::move(store)), clock_(clock), scheduler_(initial, clock.MonotonicMs()) {
  for (const SweepTrial& trial : sweep.trials) trials_.emplace(trial.id, trial.spec);
  for (const EvaluationSpec& evaluation : sweep.evaluations)
    evaluations_.emplace(IdOf(evaluation), evaluation);
  for (const auto& [trial, training] : stored.trainings) {
    NoteWeights(trial, training.weights, training.best);
  }
  Publish();
}

Engine::~Engine() {
  quit_asked_ = true;
  mailbox_.Interrupt();
}

void Engine::RequestStop() {
  stop_asked_ = true;
  mailbox_.Interrupt();
}

void Engine::Loop() {
  bool stopping = false;
  while (!quit_asked_) {
    std::vector<Message> messages = mailbox_.TakeAll(WaitMs());
    now_ms_ = clock_.MonotonicMs();
    if (stop_asked_ && !std::exchange(stopping, true)) Apply(StopRequested{});
    for (Message& message : messages) {
      std::visit([this](auto& typed) { Handle(typed); }, message);
    }
    Apply(TimePassed{});
    if (const Status committed = CommitChanges(); !committed) fatal_ = committed.error();
    Publish();
    if (fatal_) break;
    AnswerAll();
    AnswerHeldCalls();
  }
  held_.clear();
  registers_.clear();
  synchronizes_.clear();
}

int64_t Engine::WaitMs() const {
  const int64_t now_ms = clock_.MonotonicMs();
  int64_t wait_ms = kLongestWaitMs;
  if (const auto deadline_ms = scheduler_.NextDeadlineMs())
    wait_ms = std::min(wait_ms, *deadline_ms - now_ms);
  for (const auto& [worker, held] : held_) wait_ms = std::min(wait_ms, held.end_ms - now_ms);
  return std::max<int64_t>(wait_ms, 0);
}

void Engine::Handle(RegisterCall& message) {
  Apply(WorkerRegistered{std::move(message.description)});
  registers_.push_back(std::move(message.reply));
}

void Engine::Handle(SynchronizeCall& message) {
  const bool known = scheduler_.Knows(message.report.worker);
  if (known) Apply(WorkerReported{message.report});
  synchronizes_.push_back({std::move(message), known});
}

void Engine::Handle(CallCancelled& message) {
  std::erase_if(held_, [&](const auto& entry) { return entry.second.call == message.call; });
  // The call may have come in the same batch.
  std::erase_if(synchronizes_,
                [&](const auto& pending) { return pending.call.call == message.call; });
}

void Engine::Apply(const Event& event) {
  Effects effects = scheduler_.Step(event, now_ms_);
  std::ranges::move(effects.changes, std::back_inserter(changes_));
  std::ranges::move(effects.wake, std::back_inserter(wake_));
}

Status Engine::CommitChanges() {
  const std::vector<Change> changes = std::exchange(changes_, {});
  if (changes.empty()) return {};
  TRY(CommitWhenThereIsSpace(
      [&] { return store_.Commit(changes); },
      [this](const Error& full, int64_t wait_ms) { return WaitForSpace(full, wait_ms); }));
  pause_.reset();
  for (const Change& change : changes) {
    const auto* trained = std::get_if<TrainingSucceeded>(&change);
    if (!trained || trained->line.diverged) continue;
    const TrainedLine& line = trained->line;
    std::optional<CheckpointRef> best;
    if (line.best) best = CheckpointRef{line.best->folder, line.best->model_sha256};
    NoteWeights(trained->trial, CheckpointRef{line.folder, line.model_sha256}, best);
  }
  return {};
}

// False: the engine is to end.
bool Engine::WaitForSpace(const Error& full, int64_t wait_ms) {
  pause_ = full;
  Publish();
  mailbox_.WaitForInterruption(wait_ms);
  return !quit_asked_;
}

void Engine::NoteWeights(const TrialId& trial, const std::optional<CheckpointRef>& last,
                         const std::optional<CheckpointRef>& best) {
  if (last) weights_[{trial, CheckpointRole::kLast}] = *last;
  if (best) weights_[{trial, CheckpointRole::kBest}] = *best;
}

void Engine::AnswerAll() {
  for (RegisterReply& reply : std::exchange(registers_, {})) reply->Send(RegisterAnswer{kLeaseMs});
  for (PendingSynchronize& pending : std::exchange(synchronizes_, {})) {
    const WorkerReport& report = pending.call.report;
    held_.erase(report.worker);  // A worker has one call under way: an older one was given up.
    // One from before a restart may have ended its last attempt with this call.
    if (!pending.known || (!report.leaving && !scheduler_.Knows(report.worker))) {
      pending.call.reply->Send(
          Fail(ErrorKind::kNotFound,
               Format("worker {} is not known here; register again", ShortHex(report.worker))));
    } else if (report.leaving) {
      pending.call.reply->Send(WorkerOrders{});
    } else if (report.hold_ms > 0 && scheduler_.Desired(report.worker).empty()) {
      held_.emplace(report.worker, HeldCall{pending.call.call, std::move(pending.call.reply),
                                            now_ms_ + report.hold_ms});
    } else {
      pending.call.reply->Send(OrdersFor(report.worker));
    }
  }
}

void Engine::AnswerHeldCalls() {
  const std::vector<WorkerId> woken = std::exchange(wake_, {});
  std::erase_if(held_, [&](auto& entry) {
    auto& [worker, held] = entry;
    const bool lost = !scheduler_.Knows(worker);
    const bool news = std::ranges::find(woken, worker) != woken.end();
    if (!lost && !news && held.end_ms > now_ms_) return false;
    if (lost) {
      held.reply->Send(
          Fail(ErrorKind::kNotFound, Format("worker {} is not known any more", ShortHex(worker))));
    } else {
      held.reply->Send(OrdersFor(worker));
    }
    return true;
  });
}

WorkerOrders Engine::OrdersFor(const WorkerId& worker) const {
  WorkerOrders orders{.attempts = {}, .next_call_ms = kBusyCallMs};
  for (const LiveSlot* slot : scheduler_.Desired(worker)) {
    const TrialId& trial = scheduler_.Tasks().at(slot->task).spec.trial;
    AttemptOrder order{.token = slot->token,
                       .trial = trials_.at(trial),
                       .evaluation = std::nullopt,
                       .weights = std::nullopt,
                       .slots = slot->slots,
                       .stop = slot->stopping};
    if (slot->task.kind == TaskKind::kEvaluate) {
      order.evaluation = evaluations_.at(slot->task.Evaluation());
      order.weights = weights_.at({trial, order.evaluation->checkpoint});
    }
    orders.attempts.push_back(std::move(order));
  }
  return orders;
}

void Engine::Publish() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->counts = scheduler_.Counts();
  snapshot->work_total = scheduler_.WorkTotal();
  snapshot->work_done = scheduler_.WorkDone();
  snapshot->settled = scheduler_.Settled();
  snapshot->pause = pause_;
  snapshot->fatal = fatal_;
  for (const auto& [token, slot] : scheduler_.Live()) {
    const TaskSpec& spec = scheduler_.Tasks().at(slot.task).spec;
    if (slot.steps > 0) {
      snapshot->work_done +=
          spec.work * static_cast<double>(slot.step) / static_cast<double>(slot.steps);
    }
    snapshot->live.push_back({.task = slot.task,
                              .trial = spec.trial,
                              .token = token,
                              .step = slot.step,
                              .steps = slot.steps,
                              .loss = slot.loss,
                              .images_per_second = slot.images_per_second});
  }
  latest_.store(std::move(snapshot));
}

}  // namespace archsweep
