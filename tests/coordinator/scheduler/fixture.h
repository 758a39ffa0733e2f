#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "coordinator/scheduler/scheduler.h"

namespace archsweep {

inline TrialId Trial(int number) { return IdOfText<TrialId>(Format("trial {}", number)); }
inline EvaluationId Evaluation(int number) {
  return IdOfText<EvaluationId>(Format("evaluation {}", number));
}
inline WorkerId Worker(int number) { return IdOfText<WorkerId>(Format("worker {}", number)); }

// A training of trial `number` and, with `evaluations`, so many evaluations of it (numbered 10 *
// number + k).
inline void AddTask(InitialState& state, const TaskSpec& spec) {
  if (state.sweeps.empty()) state.sweeps.push_back({.name = "sweep", .reason = "", .tasks = {}});
  state.tasks.push_back({.spec = spec, .status = Queued{}});
  state.sweeps.back().tasks.push_back(spec.id);
}
inline void AddTrial(InitialState& state, int number, int evaluations = 0, double work = 1) {
  AddTask(state, {.id = TaskId::Train(Trial(number)), .trial = Trial(number), .work = work});
  for (int k = 0; k < evaluations; ++k) {
    AddTask(
        state,
        {.id = TaskId::Evaluate(Evaluation(10 * number + k)), .trial = Trial(number), .work = 1});
  }
}

// A sweep of its own, whose one training needs so many slots.
inline void AddWide(InitialState& state, int trial, int slots, double work) {
  state.sweeps.push_back(
      {.name = Format("wide {}", trial), .resources = {.ranks = slots}, .reason = "", .tasks = {}});
  AddTask(state, {.id = TaskId::Train(Trial(trial)), .trial = Trial(trial), .work = work});
}

// Worker 1 of one slot, which runs the training of trial 1 under token 7.
inline InitialState OneRunning() {
  InitialState state;
  AddTrial(state, 1);
  state.tasks[0].status = Running{Token{7}};
  state.tasks[0].attempts = 1;
  state.tasks[0].worker = Worker(1);
  state.tasks[0].slots = {0};
  state.workers.push_back({{.worker = Worker(1), .host = "host", .slots = 1}});
  state.newest_token = Token{7};
  return state;
}

// A scheduler whose effects must all be accounted for: every change and every wake-up is taken by
// an expectation, and what is left over fails the test.
class Harness {
 public:
  explicit Harness(const InitialState& initial) : scheduler(initial, 0) {}
  ~Harness() { ExpectNothing(); }

  void Step(const Event& event) {
    ExpectNothing();
    effects_ = scheduler.Step(event, now_ms);
    scheduler.CheckInvariants();
  }
  void Register(int worker, int cpu_slots, std::vector<WorkerId> dead = {}) {
    Step(WorkerRegistered{{.worker = Worker(worker),
                           .host = "host",
                           .cpu_slots = cpu_slots,
                           .dead_workers = std::move(dead)}});
  }
  // One line of one attempt; its number is the next of that attempt.
  void Report(int worker, Token token, ProgressLine line, std::string flags = "") {
    Step(WorkerReported{{.worker = Worker(worker),
                         .attempts = {{token,
                                       {{.number = ++numbers_[token],
                                         .line = std::move(line),
                                         .flags = std::move(flags)}}}}}});
  }
  void Wait(int64_t ms) {
    now_ms += ms;
    Step(TimePassed{});
  }

  // The next change, which must be of type T.
  template <class T>
  T Take() {
    if (effects_.changes.empty() || !std::holds_alternative<T>(effects_.changes.front())) {
      ADD_FAILURE() << "the next change is not the expected one, of " << effects_.changes.size();
      return {};
    }
    T change = std::get<T>(effects_.changes.front());
    effects_.changes.erase(effects_.changes.begin());
    return change;
  }
  void ExpectWake(int worker) {
    const auto found = std::find(effects_.wake.begin(), effects_.wake.end(), Worker(worker));
    ASSERT_NE(found, effects_.wake.end()) << "worker " << worker << " is not woken";
    effects_.wake.erase(found);
  }
  void ExpectNothing() {
    EXPECT_TRUE(effects_.changes.empty()) << effects_.changes.size() << " changes, first of index "
                                          << effects_.changes.front().index();
    EXPECT_TRUE(effects_.wake.empty());
    effects_ = {};
  }

  const TaskCounts& Counts(const std::string& sweep = "sweep") const {
    return scheduler.FindSweep(sweep)->counts;
  }

  // Registers worker 1 with one slot and returns the token of what it is given.
  Token Begin() {
    Register(1, 1);
    Take<WorkerJoined>();
    ExpectWake(1);
    return Take<AttemptAssigned>().token;
  }
  void Start(int worker, Token token) {
    Report(worker, token, StartedLine{});
    EXPECT_EQ(Take<AttemptStarted>().token, token);
  }

  Scheduler scheduler;
  int64_t now_ms = 0;

 private:
  Effects effects_;
  std::map<Token, int64_t> numbers_;
};

}  // namespace archsweep
