#include "tests/coordinator/simulation/world.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "coordinator/scheduler/policy.h"
#include "tests/coordinator/simulation/sweeps.h"

namespace archsweep {
namespace {

constexpr size_t kWorkers = 4;
constexpr size_t kVersions = 6;  // Of the sweeps that people submit.

// Says the coordinator's answers to the world, and that there was none.
class RegisterBack final : public Reply<RegisterAnswer> {
 public:
  RegisterBack(World& world, size_t worker, WorkerId life, int64_t call)
      : world_(&world), worker_(worker), life_(life), call_(call) {}
  ~RegisterBack() override {
    if (world_) Send(Fail(ErrorKind::kUnavailable, "gone"));
  }
  void Send(Result<RegisterAnswer> answer) final {
    std::exchange(world_, nullptr)->AnswerRegister(worker_, life_, call_, std::move(answer));
  }

 private:
  World* world_;
  size_t worker_;
  WorkerId life_;
  int64_t call_;
};

class ReportBack final : public Reply<WorkerOrders> {
 public:
  ReportBack(World& world, size_t worker, WorkerReport report, int64_t call)
      : world_(&world), worker_(worker), report_(std::move(report)), call_(call) {}
  ~ReportBack() override {
    if (world_) Send(Fail(ErrorKind::kUnavailable, "gone"));
  }
  void Send(Result<WorkerOrders> answer) final {
    std::exchange(world_, nullptr)->AnswerReport(worker_, report_, call_, std::move(answer));
  }

 private:
  World* world_;
  size_t worker_;
  WorkerReport report_;
  int64_t call_;
};

// Tells the test what a person was answered.
template <class Answer>
class PersonBack final : public Reply<Answer> {
 public:
  explicit PersonBack(std::function<void(const Result<Answer>&)> take) : take_(std::move(take)) {}
  void Send(Result<Answer> answer) override { take_(answer); }

 private:
  std::function<void(const Result<Answer>&)> take_;
};

class SimJournal final : public Journal {
 public:
  explicit SimJournal(World& world) : world_(world) {}
  Status Commit(std::span<const Change> changes) override { return world_.Commit(changes); }
  Result<StoredState> Load() override { return world_.Database().Load(world_.NowMs()); }
  Result<SweepIds> Wanted(const std::string& name) override {
    return world_.Database().Wanted(name);
  }
  Result<TrialSpec> ReadTrial(const TrialId& trial) override {
    const SweepTrial* const found = world_.Database().TrialOf(trial);
    if (found == nullptr) return Fail(ErrorKind::kNotFound, "trial");
    return found->spec;
  }
  Result<EvaluationSpec> ReadEvaluation(const EvaluationId& evaluation) override {
    const EvaluationSpec* const found = world_.Database().EvaluationOf(evaluation);
    if (found == nullptr) return Fail(ErrorKind::kNotFound, "evaluation");
    return *found;
  }
  Result<CheckpointRef> ReadWeights(const WeightsId& weights) override {
    if (!world_.Database().HasWeights(weights)) return Fail(ErrorKind::kNotFound, "weights");
    return CheckpointRef{"w", "d"};
  }

 private:
  World& world_;
};

}  // namespace

World::World(uint64_t seed) : random_(seed), cut_to_(kWorkers), cut_from_(kWorkers) {
  for (size_t i = 0; i < kWorkers; ++i) {
    const bool has_gpu = i % 2 == 1;
    WorkerDescription description{.worker = NewLife(),
                                  .host = Format("host {}", i / 2),
                                  .cpu_slots = 2,
                                  .gpu_slots = has_gpu ? 1 : 0,
                                  .memory_bytes = (static_cast<int64_t>(i) + 1) << 30};
    if (has_gpu) description.device_bytes = {kSharedDeviceBytes};
    workers_.emplace_back(std::move(description), random_);
    clocks_.push_back(0.8 + 0.1 * static_cast<double>(random_() % 5));
    if (clocks_.back() != 1.0) Fault("clock drift");
  }
  OpenCoordinator();
  Submit(0);
  Submit(1);
}

World::~World() {
  calm_ = true;
  core_.reset();
}

void World::OpenCoordinator() {
  auto core = EngineCore::Open(std::make_unique<SimJournal>(*this), now_ms_, nullptr);
  opened_ms_ = now_ms_;
  recorded_.clear();
  if (!core) return Violate("no coordinator can begin: " + core.error().message);
  core_ = *std::move(core);
}

void World::CrashCoordinator(int64_t down_ms) {
  core_.reset();
  commit_fault_ = CommitFault::kNone;
  down_until_ms_ = now_ms_ + down_ms;
}

Status World::Commit(std::span<const Change> changes) {
  const CommitFault fault = std::exchange(commit_fault_, CommitFault::kNone);
  if (fault == CommitFault::kBefore) {
    Fault("commit fails before");
    return Fail(ErrorKind::kIo, "the disk failed");
  }
  for (const Change& change : changes) {
    CheckChange(change);
    database_.Apply(std::span(&change, 1), now_ms_);
  }
  if (fault == CommitFault::kNone) return {};
  Fault("commit fails after");
  return Fail(ErrorKind::kIo, "the answer of the disk was lost");
}

void World::Round(Message message) {
  core_->Take(message, now_ms_);
  if (!calm_ && Chance(150)) {
    Fault("restart between step and commit");
    return CrashCoordinator(Between(0, 20'000));
  }
  EndRound();
}

void World::EndRound() {
  if (!calm_ && commit_fault_ == CommitFault::kNone && Chance(60)) {
    commit_fault_ = Chance(2) ? CommitFault::kBefore : CommitFault::kAfter;
  }
  const Status ended = core_->EndRound(now_ms_);
  if (!ended) {
    if (calm_) Violate("the coordinator gave up: " + ended.error().message);
    CrashCoordinator(Between(0, 20'000));
  }
  NoteWhoMayStop();
  CheckAll();
}

void World::NoteWhoMayStop() {
  for (const LiveAttemptView& live : database_.LiveAttempts()) {
    if (!IsWantedNow(live.task) || database_.IsDraining(live.worker)) may_stop_.insert(live.token);
  }
}

void World::Send(Packet packet) {
  const bool is_request = std::holds_alternative<Request>(packet);
  const size_t worker =
      is_request ? std::get<Request>(packet).worker : std::get<Answer>(packet).worker;
  if (calm_) {
    network_.emplace(now_ms_, std::move(packet));
    return;
  }
  if ((is_request ? cut_to_ : cut_from_)[worker] > now_ms_) {
    return Fault(is_request ? "cut to the coordinator" : "cut from the coordinator");
  }
  if (Chance(25)) return Fault(is_request ? "request lost" : "answer lost");
  if (Chance(25)) {
    Fault(is_request ? "request doubled" : "answer doubled");
    network_.emplace(now_ms_ + Between(1, 90'000), packet);
  }
  int64_t delay_ms = Between(1, 200);
  if (Chance(15)) {
    Fault("delay");
    delay_ms = Between(1'000, 40'000);
  }
  const int64_t due_ms = now_ms_ + delay_ms;
  if (!network_.empty() && std::prev(network_.end())->first > due_ms) Fault("reorder");
  network_.emplace(due_ms, std::move(packet));
}

void World::DeliverDue() {
  while (!network_.empty() && network_.begin()->first <= now_ms_) {
    Packet packet = std::move(network_.begin()->second);
    network_.erase(network_.begin());
    std::visit([this](auto& typed) { Take(std::move(typed)); }, packet);
  }
}

void World::Take(Request request) {
  const auto* description = std::get_if<WorkerDescription>(&request.content);
  if (!core_) {
    if (description != nullptr) {
      return AnswerRegister(request.worker, description->worker, request.call,
                            Fail(ErrorKind::kUnavailable, "down"));
    }
    return AnswerReport(request.worker, std::get<WorkerReport>(request.content), request.call,
                        Fail(ErrorKind::kUnavailable, "down"));
  }
  if (description != nullptr) {
    if (dead_.contains(description->worker)) return;  // A dead life does not register late.
    heard_ms_[description->worker] = now_ms_;
    for (const WorkerId& dead : description->dead_workers) dead_.insert(dead);
    Round(RegisterCall{
        *description,
        std::make_unique<RegisterBack>(*this, request.worker, description->worker, request.call)});
    for (const WorkerId& dead : description->dead_workers) {
      if (core_ && database_.Knows(dead)) Violate("a worker is dead and not lost");
    }
    return;
  }
  WorkerReport report = std::move(std::get<WorkerReport>(request.content));
  heard_ms_[report.worker] = now_ms_;
  auto back = std::make_unique<ReportBack>(*this, request.worker, report, request.call);
  Round(SynchronizeCall{request.call, std::move(report), std::move(back)});
}

void World::Take(Answer answer) {
  SimWorker& worker = workers_[answer.worker];
  // One for an earlier life, or for a call that was given up.
  if (worker.Description().worker != answer.life || worker.CallUnderWay() != answer.call) return;
  const auto local_ms = static_cast<int64_t>(static_cast<double>(now_ms_) * clocks_[answer.worker]);
  const auto take = [&](const auto& result) {
    if (result) return worker.On(*result, local_ms);
    if (!worker.OnError(result.error(), local_ms)) return;
    ++faults_["zombie comes back"];
    worker.BeginNewLife(NewLife(), false);
  };
  std::visit(take, answer.content);
}

void World::Call(size_t number) {
  SimWorker& worker = workers_[number];
  const auto local_ms = static_cast<int64_t>(static_cast<double>(now_ms_) * clocks_[number]);
  worker.GiveUpCall(local_ms);
  if (!worker.Calls(local_ms)) return;
  const int64_t call = ++calls_;
  if (worker.Registered()) {
    Send(Request{number, call, worker.Report(!calm_ && Chance(2))});
  } else {
    Send(Request{number, call, worker.Description()});
  }
  worker.Sent(call, local_ms, {});
}

void World::WorkerActs(size_t number) {
  SimWorker& worker = workers_[number];
  if (worker.silent_until_ms > now_ms_ && !calm_) return;
  if (worker.Gone() && (calm_ || Chance(10))) worker.BeginNewLife(NewLife(), false);
  worker.Work({.fails = !calm_});
  Call(number);
}

void World::Crash(size_t number) {
  SimWorker& worker = workers_[number];
  const bool proves = Chance(2);
  Fault(proves ? "worker dies and is proven dead" : "worker dies");
  worker.SetEnd(Chance(4) ? Between(300'000, 3'000'000) : 0);
  if (worker.Description().ends_in_ms > 0) Fault("worker of limited time");
  if (!proves) dead_.insert(worker.Description().worker);
  const bool adopts = proves && worker.HasSpool() && Chance(2);
  if (adopts) Fault("spool of the dead is found");
  worker.BeginNewLife(NewLife(), proves, adopts);
}

// A worker tells the end of an attempt that another has.
void World::Forge(size_t number) {
  const WorkerId& self = workers_[number].Description().worker;
  for (const LiveAttemptView& live : database_.LiveAttempts()) {
    if (live.worker == self) continue;
    Fault("end of another's attempt");
    WorkerReport report{.worker = self, .attempts = {}};
    const FailedLine line{{FailureClass::kTask, kForged}};
    report.attempts = {{live.token, {{.number = 1'000, .line = line}}}};
    report.attempts.back().use = SimUse(Token{}, 1'000);
    return Send(Request{number, ++calls_, std::move(report)});
  }
}

void World::FaultHappens() {
  const size_t worker = random_() % kWorkers;
  switch (random_() % 7) {
    case 0:
      return Crash(worker);
    case 5:
      return Forge(worker);
    case 1:
      Fault("worker hangs");
      workers_[worker].silent_until_ms = now_ms_ + Between(5'000, 3 * kLeaseMs);
      return;
    case 2:
      cut_to_[worker] = now_ms_ + Between(1'000, 100'000);
      return;
    case 3:
      cut_from_[worker] = now_ms_ + Between(1'000, 100'000);
      return;
    case 4:
      if (!core_) return;
      Fault("restart");
      return CrashCoordinator(Chance(2) ? 0 : Between(1'000, 150'000));
    default:
      now_ms_ += Between(5'000, 70'000);
      Fault("long pause");
      return;
  }
}

void World::Submit(size_t version) {
  if (!core_) return;
  const auto sweep = SweepVersion(version);
  Round(SubmitCall{sweep, false,
                   std::make_unique<PersonBack<SubmitAnswer>>([this, sweep](const auto& answer) {
                     if (!answer) return Violate("a submission is refused");
                     if (database_.SweepOf(sweep->name) != sweep.get()) {
                       Violate("a submission is acknowledged that is not durable");
                     }
                   })});
}

void World::Ask(ControlRequest request) {
  if (!core_) return;
  Round(ControlCall{request,
                    std::make_unique<PersonBack<ControlAnswer>>([this, request](const auto& done) {
                      if (!done) return;
                      const auto* paused = std::get_if<SweepPaused>(&request);
                      if (paused && database_.IsActiveSweep(paused->name)) {
                        Violate("a pause is acknowledged that is not durable");
                      }
                      const auto* cancelled = std::get_if<SweepCancelled>(&request);
                      if (cancelled && database_.IsActiveSweep(cancelled->name)) {
                        Violate("a cancellation is acknowledged that is not durable");
                      }
                    })});
}

void World::PersonActs() {
  const std::string name = SweepVersion(random_() % kVersions)->name;
  if (database_.SweepOf(name) == nullptr) return Submit(random_() % kVersions);
  switch (random_() % 9) {
    case 6:
      return Ask(HostReleaseAsked{Format("host {}", random_() % 2)});
    case 0:
      return Ask(SweepPaused{name, "a person asked"});
    case 1:
      return Ask(SweepCancelled{name, Chance(2)});
    case 2:
    case 3:
      return Ask(SweepResumed{name});
    case 4:
      return Ask(TasksRetried{name});
    case 5:
      Fault("drain");
      return Ask(WorkerDrainAsked{workers_[random_() % kWorkers].Description().worker});
    default:
      return Submit(random_() % kVersions);
  }
}

void World::FaultyStep() {
  ++steps_;
  now_ms_ += Chance(3) ? 0 : Between(1, 3'000);
  if (!core_ && now_ms_ >= down_until_ms_) OpenCoordinator();
  DeliverDue();
  if (Chance(25)) {
    FaultHappens();
  } else if (Chance(40)) {
    PersonActs();
  } else if (Chance(6) && core_) {
    EndRound();
  } else {
    WorkerActs(random_() % kWorkers);
  }
}

void World::BeginCalm() {
  calm_ = true;
  commit_fault_ = CommitFault::kNone;
  if (!core_) OpenCoordinator();
  // Workers whose time is limited come to its end, and others follow.
  for (SimWorker& worker : workers_) {
    if (worker.Description().ends_in_ms == 0) continue;
    worker.SetEnd(0);
    worker.BeginNewLife(NewLife(), true);
  }
  for (const std::string& name : database_.PausedSweeps()) Ask(SweepResumed{name});
}

void World::CalmStep() {
  ++steps_;
  if (!core_) OpenCoordinator();  // It gave up, which is a violation.
  if (!core_) return;
  now_ms_ += core_->State().Live().empty() ? 20'000 : 1'000;
  for (size_t worker = 0; worker < kWorkers; ++worker) WorkerActs(worker);
  DeliverDue();
  if (core_) EndRound();
  // What the failures of before still pause, a person resumes.
  for (const std::string& name : database_.PausedSweeps()) Ask(SweepResumed{name});
}

bool World::Done() const { return core_ && core_->State().Settled(); }

std::string World::WhyNotDone() const {
  if (!core_) return "there is no coordinator";
  for (const auto& [id, task] : core_->State().Tasks()) {
    if (task.tally != Tally::kWaiting && task.tally != Tally::kLive) continue;
    return ToText(id) + " " + core_->State().Explain(id).reasons.front().text;
  }
  return "";
}

SimulationResult World::Finish() {
  if (!Done()) Violate("work is left that nobody does: " + WhyNotDone());
  const size_t live =
      database_.TasksOfState(TaskState::kRunning) + database_.TasksOfState(TaskState::kAssigned);
  if (live > 0) Violate("attempts are left over");
  if (!database_.EqualsReplay(now_ms_)) Violate("the history does not make the state");
  return {.violations = database_.Violations(),
          .faults = faults_,
          .transitions = database_.Transitions(),
          .steps = steps_,
          .results = database_.Results()};
}

}  // namespace archsweep
