#include "coordinator/engine_core.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "coordinator/builds.h"
#include "coordinator/patience.h"
#include "coordinator/recovery.h"

namespace archsweep {
namespace {

constexpr int64_t kLongestWaitMs = 1'000;  // Also how old a snapshot can get.
constexpr size_t kLiveFewMax = 64;         // So many attempts are described anew each time.

// What the database cannot hold; its writer would end on it.
Status CheckSeeds(const ExpandedSweep& sweep) {
  constexpr uint64_t kSeedMax = std::numeric_limits<int64_t>::max();
  for (const SweepTrial& trial : sweep.trials) {
    if (trial.spec.seed <= kSeedMax) continue;
    return Fail(ErrorKind::kInvalidInput,
                Format("sweep '{}': seed {} is too large; the largest is {}", sweep.name,
                       trial.spec.seed, kSeedMax));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<EngineCore>> EngineCore::Open(std::unique_ptr<Journal> journal,
                                                     int64_t now_ms,
                                                     std::shared_ptr<const ExpandedSweep> only) {
  if (only) TRY(CheckSeeds(*only));
  std::unique_ptr<EngineCore> core(new EngineCore(std::move(journal)));
  core->now_ms_ = now_ms;
  TRY_ASSIGN(const StoredState stored, core->journal_->Load());
  core->scheduler_.emplace(Recover(stored, only ? std::optional(only->name) : std::nullopt),
                           now_ms);
  if (!only) return core;
  core->Apply(SweepSubmitted{only});
  core->Apply(SweepResumed{only->name});
  core->Apply(TasksRetried{only->name});
  TRY(core->EndRound(now_ms));
  return core;
}

void EngineCore::Take(Message& message, int64_t now_ms) {
  now_ms_ = now_ms;
  std::visit([this](auto& typed) { Handle(typed); }, message);
}

void EngineCore::RequestStop(int64_t now_ms) {
  now_ms_ = now_ms;
  Apply(StopRequested{});
}

Status EngineCore::EndRound(int64_t now_ms, const RoundHooks& hooks) {
  now_ms_ = now_ms;
  Apply(TimePassed{});
  TRY(CommitChanges(hooks));
  hooks.committed();
  AnswerPeople();
  return AnswerWorkers();
}

int64_t EngineCore::WaitMs(int64_t now_ms) const {
  int64_t wait_ms = kLongestWaitMs;
  if (const auto deadline_ms = scheduler_->NextDeadlineMs())
    wait_ms = std::min(wait_ms, *deadline_ms - now_ms);
  for (const auto& [worker, held] : held_) wait_ms = std::min(wait_ms, held.end_ms - now_ms);
  return std::max<int64_t>(wait_ms, 0);
}

void EngineCore::Handle(RegisterCall& message) {
  Apply(WorkerRegistered{std::move(message.description)});
  registers_.push_back(std::move(message.reply));
}

void EngineCore::Handle(SynchronizeCall& message) {
  const bool known = scheduler_->Knows(message.report.worker);
  if (known) Apply(WorkerReported{message.report});
  synchronizes_.push_back({std::move(message), known});
}

void EngineCore::Handle(CallCancelled& message) {
  std::erase_if(held_, [&](const auto& entry) { return entry.second.call == message.call; });
  // The call may have come in the same batch.
  std::erase_if(synchronizes_,
                [&](const auto& pending) { return pending.call.call == message.call; });
}

void EngineCore::Handle(SubmitCall& message) {
  const auto submit = [&]() -> Result<SubmitAnswer> {
    TRY(CheckSeeds(*message.sweep));
    TRY_ASSIGN(const SweepIds before, journal_->Wanted(message.sweep->name));
    SubmitAnswer answer{.difference = DifferenceOf(before, *message.sweep)};
    if (!message.dry_run) Apply(SweepSubmitted{message.sweep});
    const Sweep* const sweep = scheduler_->FindSweep(message.sweep->name);
    if (sweep != nullptr) answer.state = sweep->state;
    return answer;
  };
  auto answer = submit();
  submits_.emplace_back(std::move(message.reply), std::move(answer));
}

Status EngineCore::CheckRequest(const ControlRequest& request) const {
  if (const auto* drain = std::get_if<WorkerDrainAsked>(&request)) {
    if (scheduler_->Knows(drain->worker)) return {};
    return Fail(ErrorKind::kNotFound, Format("there is no worker {}", ToHex(drain->worker)));
  }
  if (const auto* release = std::get_if<HostReleaseAsked>(&request)) {
    if (scheduler_->HostRecords().IsQuarantined(release->host)) return {};
    return Fail(ErrorKind::kNotFound, Format("host '{}' is not in quarantine", release->host));
  }
  return std::visit(
      [&](const auto& typed) -> Status {
        if constexpr (requires { typed.name; }) {
          if (scheduler_->FindSweep(typed.name) != nullptr) return {};
          return Fail(ErrorKind::kNotFound, Format("there is no sweep '{}'", typed.name));
        }
        return {};
      },
      request);
}

void EngineCore::Handle(ControlCall& message) {
  const auto control = [&]() -> Result<ControlAnswer> {
    TRY(CheckRequest(message.request));
    const size_t before = changes_.size();
    std::visit([&](const auto& typed) { Apply(typed); }, message.request);
    return ControlAnswer{static_cast<int64_t>(changes_.size() - before)};
  };
  auto answer = control();
  controls_.emplace_back(std::move(message.reply), std::move(answer));
}

void EngineCore::Handle(WhyCall& message) {
  WhyAnswer answer;
  for (const TaskId& task : scheduler_->TasksOfTrial(message.trial)) {
    answer.tasks.emplace_back(task, scheduler_->Explain(task));
  }
  if (answer.tasks.empty()) {
    whys_.emplace_back(
        std::move(message.reply),
        Fail(ErrorKind::kNotFound, Format("there is no trial {}", ToHex(message.trial))));
  } else {
    whys_.emplace_back(std::move(message.reply), std::move(answer));
  }
}

void EngineCore::Apply(const Event& event) {
  Effects effects = scheduler_->Step(event, now_ms_);
  std::ranges::move(effects.changes, std::back_inserter(changes_));
  wake_.insert(effects.wake.begin(), effects.wake.end());
}

Status EngineCore::CommitChanges(const RoundHooks& hooks) {
  const std::vector<Change> changes = std::exchange(changes_, {});
  if (changes.empty()) return {};
  TRY(CommitWhenThereIsSpace([&] { return journal_->Commit(changes); }, hooks.wait_for_space));
  WarnOfOtherBuilds(changes);
  return {};
}

void EngineCore::AnswerPeople() {
  for (auto& [reply, answer] : std::exchange(submits_, {})) reply->Send(std::move(answer));
  for (auto& [reply, answer] : std::exchange(controls_, {})) reply->Send(std::move(answer));
  for (auto& [reply, answer] : std::exchange(whys_, {})) reply->Send(std::move(answer));
}

Status EngineCore::AnswerWorkers() {
  for (RegisterReply& reply : std::exchange(registers_, {})) reply->Send(RegisterAnswer{kLeaseMs});
  for (PendingSynchronize& pending : std::exchange(synchronizes_, {})) TRY(Answer(pending));
  return AnswerHeldCalls();
}

Status EngineCore::Answer(PendingSynchronize& pending) {
  const WorkerReport& report = pending.call.report;
  SynchronizeReply& reply = pending.call.reply;
  held_.erase(report.worker);  // A worker has one call under way: an older one was given up.
  if (report.leaving && pending.known) {
    reply->Send(WorkerOrders{});
    return {};
  }
  if (!pending.known || !scheduler_->Knows(report.worker)) {
    reply->Send(Fail(ErrorKind::kNotFound, Format("worker {} is not known here; register again",
                                                  ShortHex(report.worker))));
    return {};
  }
  const bool has_news =
      !scheduler_->Desired(report.worker).empty() || scheduler_->IsDraining(report.worker);
  if (report.hold_ms > 0 && !has_news) {
    held_.emplace(report.worker,
                  HeldCall{pending.call.call, std::move(reply), now_ms_ + report.hold_ms});
    return {};
  }
  TRY_ASSIGN(WorkerOrders orders, OrdersFor(report.worker, report.attempts));
  reply->Send(std::move(orders));
  return {};
}

Status EngineCore::AnswerHeldCalls() {
  const std::set<WorkerId> woken = std::exchange(wake_, {});
  for (auto next = held_.begin(); next != held_.end();) {
    auto& [worker, held] = *next;
    const bool lost = !scheduler_->Knows(worker);
    if (!lost && !woken.contains(worker) && held.end_ms > now_ms_) {
      ++next;
      continue;
    }
    if (lost) {
      held.reply->Send(
          Fail(ErrorKind::kNotFound, Format("worker {} is not known any more", ShortHex(worker))));
    } else {
      TRY_ASSIGN(WorkerOrders orders, OrdersFor(worker, {}));
      held.reply->Send(std::move(orders));
    }
    next = held_.erase(next);
  }
  return {};
}

Result<WorkerOrders> EngineCore::OrdersFor(const WorkerId& worker,
                                           const std::vector<ObservedAttempt>& observed) {
  WorkerOrders orders{.attempts = {},
                      .next_call_ms = BusyCallMs(scheduler_->Workers().Workers().size())};
  std::set<Token> known;
  for (const ObservedAttempt& attempt : observed) known.insert(attempt.token);
  for (const LiveSlot* slot : scheduler_->Desired(worker)) {
    AttemptOrder order{.token = slot->token, .known = true};
    if (!known.contains(slot->token)) {
      TRY_ASSIGN(order, ReadOrder(*slot));
    }
    order.stop = slot->stopping;
    orders.attempts.push_back(std::move(order));
  }
  orders.leave = orders.attempts.empty() && scheduler_->IsDraining(worker);
  return orders;
}

Result<AttemptOrder> EngineCore::ReadOrder(const LiveSlot& slot) {
  const TaskSpec& spec = scheduler_->Tasks().at(slot.task).spec;
  AttemptOrder order{.token = slot.token, .slots = slot.slots, .share = slot.share};
  TRY_ASSIGN(order.trial, journal_->ReadTrial(spec.trial));
  if (slot.task.kind == TaskKind::kTrain) return order;
  TRY_ASSIGN(order.evaluation, journal_->ReadEvaluation(slot.task.Evaluation()));
  TRY_ASSIGN(order.weights, journal_->ReadWeights({spec.trial, spec.checkpoint}));
  return order;
}

Snapshot EngineCore::Describe(int64_t now_ms) {
  Snapshot snapshot;
  for (const auto& [key, sweep] : scheduler_->Sweeps()) {
    if (sweep.left_out) continue;
    snapshot.sweeps.push_back({.name = sweep.name,
                               .state = sweep.state,
                               .reason = sweep.reason,
                               .priority = sweep.queue.priority,
                               .counts = sweep.counts,
                               .work_total = sweep.work_total,
                               .work_done = sweep.work_done});
    snapshot.counts += sweep.counts;
    snapshot.work_total += sweep.work_total;
    snapshot.work_done += sweep.work_done;
  }
  snapshot.settled = scheduler_->Settled();
  const bool is_old = now_ms - live_described_ms_ >= kLiveAgeMaxMs;
  if (is_old || scheduler_->Live().size() <= kLiveFewMax) {
    live_described_ms_ = now_ms;
    DescribeLive(snapshot);
    live_ = snapshot.live;
    workers_ = snapshot.workers;
  } else {
    snapshot.live = live_;
    snapshot.workers = workers_;
  }
  for (const LiveTask& task : snapshot.live) {
    if (task.steps == 0) continue;
    const double share = static_cast<double>(task.step) / static_cast<double>(task.steps);
    snapshot.work_done += scheduler_->Tasks().at(task.task).spec.work * share;
  }
  return snapshot;
}

void EngineCore::DescribeLive(Snapshot& snapshot) const {
  for (const auto& [token, slot] : scheduler_->Live()) {
    snapshot.live.push_back({.task = slot.task,
                             .trial = scheduler_->Tasks().at(slot.task).spec.trial,
                             .token = token,
                             .worker = slot.worker,
                             .in_advance = slot.in_advance,
                             .step = slot.step,
                             .steps = slot.steps,
                             .loss = slot.loss,
                             .images_per_second = slot.images_per_second,
                             .use = slot.use});
  }
  for (const auto& [id, worker] : scheduler_->Workers().Workers()) {
    WorkerStatus status{.worker = id,
                        .host = worker.host,
                        .cpu_slots = worker.cpu_slots,
                        .gpu_slots = worker.SlotsOf(true),
                        .attempts = static_cast<int>(worker.attempts.size()),
                        .heard = worker.heard,
                        .draining = worker.draining,
                        .quarantined = worker.banned,
                        .evidence = {}};
    if (worker.banned) status.evidence = scheduler_->HostRecords().ReasonOf(worker.host);
    snapshot.workers.push_back(std::move(status));
  }
}

}  // namespace archsweep
