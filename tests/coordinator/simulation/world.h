#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "coordinator/engine_core.h"
#include "tests/coordinator/simulation/sim_database.h"
#include "tests/coordinator/simulation/sim_worker.h"
#include "tests/coordinator/simulation/simulation.h"

namespace archsweep {

// Everything of one simulation. See simulation.h.
class World {
 public:
  explicit World(uint64_t seed);
  ~World();

  void FaultyStep();
  void CalmStep();
  // No more faults: all paths are open, all sweeps that are paused go on.
  void BeginCalm();
  bool Done() const;
  SimulationResult Finish();

  // What the coordinator calls.
  Status Commit(std::span<const Change> changes);
  SimDatabase& Database() { return database_; }
  int64_t NowMs() const { return now_ms_; }
  void AnswerRegister(size_t worker, WorkerId life, int64_t call, Result<RegisterAnswer> answer);
  void AnswerReport(size_t worker, const WorkerReport& report, int64_t call,
                    Result<WorkerOrders> answer);

 private:
  struct Request {
    size_t worker = 0;
    int64_t call = 0;
    std::variant<WorkerDescription, WorkerReport> content;
  };
  struct Answer {
    size_t worker = 0;
    WorkerId life;
    int64_t call = 0;
    std::variant<Result<RegisterAnswer>, Result<WorkerOrders>> content;
  };
  using Packet = std::variant<Request, Answer>;
  enum class CommitFault { kNone, kBefore, kAfter };

  bool Chance(unsigned one_in) { return random_() % one_in == 0; }
  int64_t Between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random_() % static_cast<uint64_t>(most - least + 1));
  }
  void Fault(const std::string& kind) { ++faults_[kind]; }
  void Violate(std::string text) { database_.Violate(std::move(text)); }

  // Network.
  void Send(Packet packet);
  void Deliver(Packet packet);
  void DeliverDue();
  void Take(Request request);
  void Take(Answer answer);

  // Coordinator.
  void OpenCoordinator();
  void CrashCoordinator(int64_t down_ms);
  void Round(Message message);
  void EndRound();
  void CheckAll();
  void CheckAssigned(const AttemptAssigned& fact);
  void CheckSeat(const AttemptAssigned& fact, const std::vector<std::string>& sweeps);
  void CheckOrder(const AttemptAssigned& fact);
  void CheckOnce(Token token, int64_t number, const char* what);
  void CheckChange(const Change& change);
  void CheckUse(const Change& change);
  void CheckWorkers();
  void CheckObserved(const WorkerReport& report, const ObservedAttempt& observed);
  void CheckOrders(const WorkerReport& report, const WorkerOrders& orders);
  void NoteWhoMayStop();
  bool IsWantedNow(const TaskId& task) const;
  std::string WhyNotDone() const;
  int CountWantedOnlyBy(const std::string& sweep) const;

  // Workers and people.
  void WorkerActs(size_t worker);
  void Call(size_t worker);
  void Forge(size_t worker);
  void Crash(size_t worker);
  void FaultHappens();
  void PersonActs();
  void Ask(ControlRequest request);
  void Submit(size_t version);
  WorkerId NewLife() { return IdOfText<WorkerId>("life " + std::to_string(++lives_)); }

  std::mt19937_64 random_;
  bool calm_ = false;
  int64_t now_ms_ = 0;
  SimDatabase database_;
  std::unique_ptr<EngineCore> core_;
  int64_t opened_ms_ = 0;
  int64_t down_until_ms_ = 0;
  CommitFault commit_fault_ = CommitFault::kNone;
  std::multimap<int64_t, Packet> network_;
  std::deque<SimWorker> workers_;
  std::vector<double> clocks_;              // How fast that of each worker goes.
  std::vector<int64_t> cut_to_, cut_from_;  // Until when nothing gets through, by worker.
  std::map<WorkerId, int64_t> heard_ms_;    // When the coordinator last heard of a life.
  std::set<Token> may_stop_;
  // What this coordinator has recorded of attempts: a line that is repeated takes effect once.
  std::set<std::tuple<Token, int64_t, std::string>> recorded_;
  std::map<Token, int64_t> measured_ms_;  // When the use of an attempt was recorded last.
  std::set<WorkerId> dead_;               // Lives that a successor proved dead, or that left.
  int lives_ = 0;
  int64_t calls_ = 0;
  std::map<std::string, int> faults_;
  int steps_ = 0;
};

}  // namespace archsweep
