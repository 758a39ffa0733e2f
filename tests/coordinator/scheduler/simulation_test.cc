#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

#include "coordinator/scheduler/policy.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/scheduler/transition.h"
#include "tests/coordinator/scheduler/fixture.h"

// A whole fleet under one seed: workers die, pause longer than their lease, come back as zombies,
// lose answers and repeat calls, and the coordinator restarts from what was durable. After every
// step the invariants of the lease protocol hold, and once faults stop everything reaches its end.

namespace archsweep {
namespace {

constexpr int kTrials = 12;
constexpr int kEvaluationsPerTrial = 2;
constexpr int kFaultySteps = 400;
constexpr int kAgentSlots = 2;
constexpr double kGangWork = 2.5;  // Of 1, 2 and 3.
constexpr int kCalmStepsMax = 20'000;

// What a store would hold: the facts of all committed changes, checked as they come.
class Ledger {
 public:
  void Apply(const Change& change) {
    std::visit([this](const auto& typed) { Record(typed); }, change);
  }

  InitialState Recovered() const {
    InitialState state;
    for (int trial = 0; trial < kTrials; ++trial)
      AddTrial(state, trial, kEvaluationsPerTrial, 1 + trial % 3);
    for (InitialTask& task : state.tasks) {
      // Every third trial and its evaluations are for a gang that fills a worker.
      task.spec.slots = task.spec.work > kGangWork ? kAgentSlots : 1;
      const auto found = facts_.find(task.spec.id);
      if (found == facts_.end()) continue;
      const Facts& facts = found->second;
      task.attempts = facts.attempts;
      task.charged = facts.charged;
      task.uncharged = facts.uncharged;
      task.worker = facts.worker;
      if (facts.live && facts.running) task.status = Running{*facts.live};
      if (facts.live && !facts.running) task.status = Assigned{*facts.live};
      if (facts.succeeded) task.status = Succeeded{};
      if (facts.failed) task.status = Failed{};
    }
    state.weights = weights_;
    state.newest_token = newest_;
    return state;
  }

  int Results() const { return results_; }

 private:
  struct Facts {
    std::optional<Token> live;
    WorkerId worker;
    bool running = false;
    bool succeeded = false;
    bool failed = false;
    int attempts = 0;
    int charged = 0;
    int uncharged = 0;
  };

  Facts& LiveFacts(Token token) {
    Facts& facts = facts_[tasks_.at(token)];
    EXPECT_EQ(facts.live, token) << "a fact under a token that is not the live one";
    return facts;
  }
  void Record(const AttemptAssigned& change) {
    EXPECT_GT(change.token, newest_) << "tokens must grow";
    newest_ = change.token;
    tasks_[change.token] = change.task;
    Facts& facts = facts_[change.task];
    EXPECT_FALSE(facts.live) << "two live attempts of one task";
    EXPECT_FALSE(facts.succeeded) << "a finished task is assigned again";
    EXPECT_EQ(change.number, ++facts.attempts);
    facts.live = change.token;
    facts.worker = change.worker;
    facts.running = false;
  }
  void Record(const AttemptStarted& change) { LiveFacts(change.token).running = true; }
  void Record(const TrainingSucceeded& change) {
    Succeed(change.token);
    weights_.insert({change.trial, CheckpointRole::kLast});
  }
  void Record(const EvaluationSucceeded& change) {
    Succeed(change.token);
    ++results_;
  }
  void Succeed(Token token) {
    Facts& facts = LiveFacts(token);
    EXPECT_TRUE(facts.running);
    EXPECT_FALSE(facts.succeeded) << "two results of one task";
    facts.succeeded = true;
    facts.live.reset();
  }
  void Record(const AttemptFailed& change) {
    Facts& facts = LiveFacts(change.token);
    facts.live.reset();
    facts.charged = change.charged;
    facts.uncharged = change.uncharged;
    facts.failed = change.next == AfterFailure::kFailed;
  }
  void Record(const EpochRecorded& change) { LiveFacts(change.token); }
  void Record(const CheckpointRecorded& change) { LiveFacts(change.token); }
  void Record(const WorkerJoined&) {}
  void Record(const WorkerLeft&) {}
  void Record(const ReportRefused& change) { EXPECT_LE(change.token, newest_); }
  void Record(const TaskRequeued&) {}

  std::map<Token, TaskId> tasks_;
  std::map<TaskId, Facts> facts_;
  std::set<WeightsId> weights_;
  Token newest_;
  int results_ = 0;
};

// An agent as the coordinator sees it: it runs what it was told and repeats unanswered lines.
struct SimulatedAgent {
  int number = 0;
  std::map<Token, std::vector<NumberedLine>> held;  // Unanswered lines of each attempt it runs.
  std::map<Token, int64_t> numbers;
  std::map<Token, bool> ended;
  bool registered = false;
};

class Fleet {
 public:
  explicit Fleet(unsigned seed) : random_(seed), scheduler_(ledger_.Recovered(), 0) {
    for (int slot = 0; slot < 3; ++slot) agents_.push_back({.number = next_worker_++});
  }

  void FaultyStep() {
    now_ms_ += Chance(50) ? static_cast<int64_t>(random_() % (2 * kLeaseMs))
                          : static_cast<int64_t>(random_() % 2'000);
    SimulatedAgent& agent = agents_[random_() % agents_.size()];
    if (Chance(15)) {
      Restart();
    } else if (Chance(20)) {
      agent = {.number = next_worker_++};  // Died; its successor cannot prove it.
    } else if (Chance(6)) {
      Step(TimePassed{});
    } else {
      Call(agent, /*faulty=*/true);
    }
  }
  void CalmStep() {
    now_ms_ += 1'000;
    for (SimulatedAgent& agent : agents_) Call(agent, /*faulty=*/false);
    Step(TimePassed{});
  }
  bool Settled() const { return scheduler_.Settled(); }
  const Ledger& Facts() const { return ledger_; }
  const Scheduler& State() const { return scheduler_; }

 private:
  bool Chance(unsigned one_in) { return random_() % one_in == 0; }

  void Step(const Event& event) {
    for (const Change& change : scheduler_.Step(event, now_ms_).changes) ledger_.Apply(change);
    scheduler_.CheckInvariants();
  }
  void Restart() { scheduler_ = Scheduler(ledger_.Recovered(), now_ms_); }

  void Call(SimulatedAgent& agent, bool faulty) {
    const WorkerId id = Worker(agent.number);
    if (!agent.registered) {
      Step(WorkerRegistered{{.worker = id, .host = "h", .cpu_slots = kAgentSlots}});
      agent.registered = true;
    }
    Work(agent, faulty);
    if (faulty && Chance(10)) return;  // The request is lost.
    if (!scheduler_.Knows(id)) {
      agent = {.number = next_worker_++};
      return;
    }
    WorkerReport report{.worker = id, .attempts = {}};
    for (const auto& [token, lines] : agent.held) report.attempts.push_back({token, lines});
    Step(WorkerReported{report});
    if (faulty && Chance(10)) return;  // The answer is lost.
    if (!scheduler_.Knows(id)) {
      agent = {.number = next_worker_++};
      return;
    }
    TakeOrders(agent, id);
  }

  void Work(SimulatedAgent& agent, bool faulty) {
    for (auto& [token, lines] : agent.held) {
      if (agent.ended[token]) continue;
      const auto add = [&, &lines_of = lines, token_of = token](ProgressLine line) {
        lines_of.push_back(
            {.number = ++agent.numbers[token_of], .line = std::move(line), .flags = "f"});
      };
      if (agent.numbers[token] == 0) add(StartedLine{});
      if (Chance(3)) add(EpochLine{.epoch = 1});
      if (!Chance(3)) continue;
      agent.ended[token] = true;
      if (faulty && Chance(8)) {
        add(FailedLine{{Chance(2) ? FailureClass::kLost : FailureClass::kTask, "simulated"}});
      } else if (kinds_.at(token) == TaskKind::kTrain) {
        add(TrainedLine{.folder = "w"});
      } else {
        add(EvaluatedLine{.images = 8, .correct = 1});
      }
    }
  }

  void TakeOrders(SimulatedAgent& agent, const WorkerId& id) {
    std::map<Token, std::vector<NumberedLine>> held;
    for (const LiveSlot* slot : scheduler_.Desired(id)) {
      held[slot->token];
      kinds_[slot->token] = slot->task.kind;
    }
    agent.held = std::move(held);
  }

  std::mt19937 random_;
  Ledger ledger_;
  Scheduler scheduler_;
  int64_t now_ms_ = 0;
  int next_worker_ = 1;
  std::vector<SimulatedAgent> agents_;
  std::map<Token, TaskKind> kinds_;
};

TEST(Simulation, KeepsEveryPromiseUnderFaultsAndFinishesOnceTheyStop) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(Format("seed {}", seed));
    Fleet fleet(seed);
    for (int step = 0; step < kFaultySteps; ++step) fleet.FaultyStep();
    int calm = 0;
    while (!fleet.Settled() && ++calm < kCalmStepsMax) fleet.CalmStep();
    ASSERT_TRUE(fleet.Settled()) << "work is left that nobody does";
    const TaskCounts counts = fleet.State().Counts();
    EXPECT_EQ(counts.succeeded + counts.failed + counts.unreachable, counts.total);
    if (counts.failed == 0) {
      EXPECT_EQ(fleet.Facts().Results(), kTrials * kEvaluationsPerTrial);
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace archsweep
