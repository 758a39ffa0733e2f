#include "coordinator/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "archsweep_version.h"
#include "base/text.h"
#include "coordinator/scheduler/policy.h"
#include "storage/reader.h"
#include "tests/base/temporary_folder.h"
#include "tests/coordinator/sweep_fixture.h"

namespace archsweep {
namespace {

constexpr std::chrono::seconds kPatience(10);

// Where an answer arrives; "lost" if the reply was destroyed without one.
template <class Answer>
class Inbox {
 public:
  std::unique_ptr<Reply<Answer>> NewReply() { return std::make_unique<Slot>(*this); }

  // The answer, waited for within a bound.
  Result<Answer> Take() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, kPatience, [this] { return answer_.has_value(); })) {
      return Fail(ErrorKind::kInterrupted, "no answer came");
    }
    Result<Answer> answer = *std::move(answer_);
    answer_.reset();
    return answer;
  }
  bool Empty() {
    const std::lock_guard lock(mutex_);
    return !answer_.has_value();
  }

 private:
  class Slot final : public Reply<Answer> {
   public:
    explicit Slot(Inbox& inbox) : inbox_(&inbox) {}
    ~Slot() override {
      if (inbox_) inbox_->Put(Fail(ErrorKind::kUnavailable, "lost"));
    }
    void Send(Result<Answer> answer) override {
      std::exchange(inbox_, nullptr)->Put(std::move(answer));
    }

   private:
    Inbox* inbox_;
  };
  void Put(Result<Answer> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
    arrived_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<Result<Answer>> answer_;
};

class EngineTest : public testing::Test {
 protected:
  std::unique_ptr<Engine> StartEngine(const ExpandedSweep& sweep) {
    auto store = Store::Open(folder_.Path(), clock_);
    EXPECT_TRUE(store) << store.error().message;
    auto engine = Engine::StartOnly(*std::move(store), sweep, clock_);
    EXPECT_TRUE(engine) << engine.error().message;
    return *std::move(engine);
  }
  WorkerId Register(Engine& engine, int slots, std::vector<WorkerId> dead = {},
                    const std::string& version = kBuild) {
    const auto worker = RandomId<WorkerId>();
    Message message = RegisterCall{{.worker = worker,
                                    .host = "h",
                                    .cpu_slots = slots,
                                    .dead_workers = std::move(dead),
                                    .version = version},
                                   registers_.NewReply()};
    EXPECT_TRUE(engine.Post(message));
    EXPECT_TRUE(registers_.Take());
    return worker;
  }
  void Post(Engine& engine, WorkerReport report) {
    Message message = SynchronizeCall{++calls_, std::move(report), answers_.NewReply()};
    EXPECT_TRUE(engine.Post(message));
  }
  WorkerOrders Synchronize(Engine& engine, WorkerReport report) {
    Post(engine, std::move(report));
    auto orders = answers_.Take();
    EXPECT_TRUE(orders) << orders.error().message;
    return orders ? *orders : WorkerOrders{};
  }
  // Reports the start and the end of an attempt.
  WorkerOrders Finish(Engine& engine, const WorkerId& worker, const AttemptOrder& order) {
    const ProgressLine end =
        order.evaluation
            ? ProgressLine(EvaluatedLine{.images = 8, .correct = 5})
            : ProgressLine(TrainedLine{.steps = 15, .folder = "w", .model_sha256 = "d"});
    return Synchronize(
        engine,
        {.worker = worker,
         .attempts = {{order.token,
                       {{.number = 1, .line = StartedLine{}, .flags = ""},
                        {.number = 2, .line = end, .flags = order.evaluation ? "\x1f" : ""}}}}});
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  Inbox<RegisterAnswer> registers_;
  Inbox<WorkerOrders> answers_;
  int64_t calls_ = 0;
};

TEST_F(EngineTest, WarnsOfAWorkerOfAnotherBuildAndGivesItWork) {
  const auto engine = StartEngine(SmallSweep(1));
  testing::internal::CaptureStderr();
  Register(*engine, 1);
  const WorkerId other = Register(*engine, 1, {}, "9.9.9 (other)");
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find(Format("warning worker {} on h is archsweep 9.9.9 (other), and this "
                             "coordinator {}:",
                             ShortHex(other), kBuild)),
            std::string::npos)
      << said;
  EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
  Reader reader = Reader::Open(folder_.Path(), clock_).value();
  Rows rows = reader.Query("SELECT version FROM worker ORDER BY key").value();
  ASSERT_TRUE(rows.Next().value());
  EXPECT_EQ(std::get<std::string_view>(rows.At(0)), kBuild);
  ASSERT_TRUE(rows.Next().value());
  EXPECT_EQ(std::get<std::string_view>(rows.At(0)), "9.9.9 (other)");
}

TEST_F(EngineTest, TakesASweepFromItsFirstOrderToItsLastResult) {
  const ExpandedSweep sweep = SmallSweep(3);
  const auto engine = StartEngine(sweep);
  EXPECT_FALSE(engine->Latest()->settled);
  const WorkerId worker = Register(*engine, 1);
  WorkerOrders orders = Synchronize(*engine, {.worker = worker});
  int attempts = 0;
  while (!orders.attempts.empty() && attempts < 100) {
    // One more may be there in advance.
    ASSERT_LE(orders.attempts.size(), 2u);
    ++attempts;
    orders = Finish(*engine, worker, orders.attempts[0]);
  }
  EXPECT_EQ(attempts, 6);
  EXPECT_TRUE(engine->Latest()->settled);
  EXPECT_EQ(engine->Latest()->counts.succeeded, 6);
}

TEST_F(EngineTest, TellsAWorkerOnlyWhatItDoesNotHave) {
  Token token;
  WorkerId worker;
  {
    const auto engine = StartEngine(SmallSweep(1));
    worker = Register(*engine, 1);
    const WorkerOrders lost = Synchronize(*engine, {.worker = worker});
    ASSERT_EQ(lost.attempts.size(), 1u);
    EXPECT_FALSE(lost.attempts[0].known);
    const WorkerOrders again = Synchronize(*engine, {.worker = worker});
    ASSERT_EQ(again.attempts.size(), 1u);
    EXPECT_FALSE(again.attempts[0].known);
    EXPECT_EQ(again.attempts[0].trial, lost.attempts[0].trial);
    token = lost.attempts[0].token;
  }
  const auto engine = StartEngine(SmallSweep(1));
  const WorkerOrders orders = Synchronize(*engine, {.worker = worker, .attempts = {{token, {}}}});
  ASSERT_EQ(orders.attempts.size(), 1u);
  EXPECT_EQ(orders.attempts[0].token, token);
  EXPECT_TRUE(orders.attempts[0].known);
}

TEST_F(EngineTest, GivesAnEvaluationTheWeightsOfItsTraining) {
  const auto engine = StartEngine(SmallSweep(1));
  const WorkerId worker = Register(*engine, 1);
  const WorkerOrders training = Synchronize(*engine, {.worker = worker});
  ASSERT_EQ(training.attempts.size(), 1u);
  EXPECT_FALSE(training.attempts[0].evaluation);
  const WorkerOrders evaluation = Finish(*engine, worker, training.attempts[0]);
  ASSERT_EQ(evaluation.attempts.size(), 1u);
  EXPECT_EQ(evaluation.attempts[0].weights, (CheckpointRef{"w", "d"}));
}

TEST_F(EngineTest, GivesAnEvaluationTheBestWeightsWhereItAsksForThem) {
  ExpandedSweep sweep = SmallSweep(1);
  sweep.evaluations[0].checkpoint = CheckpointRole::kBest;
  {
    const auto engine = StartEngine(sweep);
    const WorkerId worker = Register(*engine, 1);
    const WorkerOrders training = Synchronize(*engine, {.worker = worker});
    const TrainedLine line = {.steps = 15,
                              .folder = "w",
                              .model_sha256 = "d",
                              .best = BestCheckpoint{.folder = "b", .model_sha256 = "e"}};
    const WorkerOrders evaluation =
        Synchronize(*engine, {.worker = worker,
                              .attempts = {{training.attempts.at(0).token,
                                            {{.number = 1, .line = StartedLine{}, .flags = ""},
                                             {.number = 2, .line = line, .flags = ""}}}}});
    EXPECT_EQ(evaluation.attempts.at(0).weights, (CheckpointRef{"b", "e"}));
  }
  const auto engine = StartEngine(sweep);
  const WorkerId worker = Register(*engine, 1);
  EXPECT_EQ(engine->Latest()->counts.unreachable, 0);
  EXPECT_EQ(engine->Latest()->counts.live, 1) << "of the worker before";
  EXPECT_TRUE(Synchronize(*engine, {.worker = worker}).attempts.empty());
}

TEST_F(EngineTest, EvaluatesAnImportedTrialWithoutATraining) {
  ExpandedSweep sweep = SmallSweep(1);
  SweepTrial& trial = sweep.trials[0];
  trial.spec.training = {};
  trial.spec.weights_sha256 = std::string(64, 'a');
  trial.id = IdOf(trial.spec);
  sweep.evaluations[0].trial = trial.id;
  const auto engine = StartEngine(sweep);
  EXPECT_EQ(engine->Latest()->counts.total, 1);
  const WorkerId worker = Register(*engine, 1);
  const WorkerOrders orders = Synchronize(*engine, {.worker = worker});
  ASSERT_EQ(orders.attempts.size(), 1u);
  EXPECT_EQ(orders.attempts[0].weights,
            (CheckpointRef{"checkpoints/" + ToHex(trial.id) + "/imported", std::string(64, 'a')}));
  EXPECT_EQ(orders.attempts[0].trial, trial.spec);
  Finish(*engine, worker, orders.attempts[0]);
  EXPECT_TRUE(engine->Latest()->settled);
  EXPECT_EQ(engine->Latest()->counts.succeeded, 1);
}

TEST_F(EngineTest, GoesOnAfterARestartWithoutRepeatingWhatIsFinished) {
  const ExpandedSweep sweep = SmallSweep(2);
  WorkerId first;
  Token live;
  {
    const auto engine = StartEngine(sweep);
    first = Register(*engine, 1);
    const WorkerOrders training = Synchronize(*engine, {.worker = first});
    const WorkerOrders evaluation = Finish(*engine, first, training.attempts.at(0));
    const WorkerOrders second = Finish(*engine, first, evaluation.attempts.at(0));
    live = second.attempts.at(0).token;
  }
  const auto engine = StartEngine(sweep);
  EXPECT_EQ(engine->Latest()->counts.succeeded, 2);
  EXPECT_EQ(engine->Latest()->counts.live, 1);
  const WorkerId worker = Register(*engine, 1, {first});
  WorkerOrders orders = Synchronize(*engine, {.worker = worker});
  ASSERT_EQ(orders.attempts.size(), 1u);
  EXPECT_GT(orders.attempts[0].token, live);
  orders = Finish(*engine, worker, orders.attempts[0]);
  orders = Finish(*engine, worker, orders.attempts.at(0));
  EXPECT_TRUE(orders.attempts.empty());
  EXPECT_TRUE(engine->Latest()->settled);
}

TEST_F(EngineTest, TriesFailedTasksAgainWhenTheSweepIsStartedAgain) {
  const ExpandedSweep sweep = SmallSweep(1);
  {
    const auto engine = StartEngine(sweep);
    const WorkerId worker = Register(*engine, 1);
    const WorkerOrders orders = Synchronize(*engine, {.worker = worker});
    Synchronize(*engine,
                {.worker = worker,
                 .attempts = {{orders.attempts.at(0).token,
                               {{.number = 1,
                                 .line = FailedLine{{FailureClass::kConfiguration, "no data"}},
                                 .flags = ""}}}}});
    EXPECT_EQ(engine->Latest()->counts.failed, 1);
    EXPECT_TRUE(engine->Latest()->settled);
  }
  const auto engine = StartEngine(sweep);
  EXPECT_EQ(engine->Latest()->counts.failed, 0);
  EXPECT_FALSE(engine->Latest()->settled);
}

TEST_F(EngineTest, SendsAnUnknownWorkerBackToRegister) {
  const auto engine = StartEngine(SmallSweep(1));
  Post(*engine, {.worker = RandomId<WorkerId>()});
  const auto answer = answers_.Take();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kNotFound);
}

TEST_F(EngineTest, HoldsTheCallOfAnIdleWorkerUntilItsTimeIsOver) {
  const auto engine = StartEngine(SmallSweep(1));
  Register(*engine, 1);  // Has the only task that can run.
  const WorkerId idle = Register(*engine, 1);
  constexpr int64_t kHoldMs = 300;
  const int64_t begin_ms = clock_.MonotonicMs();
  Post(*engine, {.worker = idle, .hold_ms = kHoldMs});
  const auto answer = answers_.Take();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->attempts.empty());
  EXPECT_GE(clock_.MonotonicMs() - begin_ms, kHoldMs);
}

TEST_F(EngineTest, EndsAHeldCallWhenThereIsWork) {
  const auto engine = StartEngine(SmallSweep(1));
  const WorkerId busy = Register(*engine, 1);
  const WorkerOrders training = Synchronize(*engine, {.worker = busy});
  const WorkerId idle = Register(*engine, 1);
  Inbox<WorkerOrders> idle_answers;
  Message held =
      SynchronizeCall{1'000, {.worker = idle, .hold_ms = kHoldMsMax}, idle_answers.NewReply()};
  ASSERT_TRUE(engine->Post(held));
  // The busy worker leaves without its attempt, which the idle one then gets.
  Synchronize(*engine, {.worker = busy, .leaving = true});
  const auto answer = idle_answers.Take();
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->attempts.size(), 1u);
  EXPECT_EQ(answer->attempts[0].trial, training.attempts.at(0).trial);
}

TEST_F(EngineTest, LetsGoOfAHeldCallThatIsCancelledOrWhenItEnds) {
  auto engine = StartEngine(SmallSweep(1));
  Register(*engine, 1);
  const WorkerId idle = Register(*engine, 1);
  Post(*engine, {.worker = idle, .hold_ms = kHoldMsMax});
  Message cancelled = CallCancelled{calls_};
  ASSERT_TRUE(engine->Post(cancelled));
  EXPECT_EQ(answers_.Take().error().kind, ErrorKind::kUnavailable);
  Post(*engine, {.worker = idle, .hold_ms = kHoldMsMax});
  engine.reset();
  EXPECT_EQ(answers_.Take().error().kind, ErrorKind::kUnavailable);
}

TEST_F(EngineTest, AsksLiveAttemptsToStopAndSettles) {
  const auto engine = StartEngine(SmallSweep(3));
  const WorkerId worker = Register(*engine, 1);
  const WorkerOrders orders = Synchronize(*engine, {.worker = worker});
  engine->RequestStop();
  const int64_t end_ms = clock_.MonotonicMs() + 10'000;
  WorkerOrders stopping;
  do {
    stopping = Synchronize(*engine, {.worker = worker});
    ASSERT_EQ(stopping.attempts.size(), 1u);
  } while (!stopping.attempts[0].stop && clock_.MonotonicMs() < end_ms);
  const WorkerOrders after = Synchronize(
      *engine,
      {.worker = worker,
       .attempts = {
           {orders.attempts.at(0).token,
            {{.number = 1, .line = FailedLine{{FailureClass::kStopped, "asked"}}, .flags = ""}}}}});
  EXPECT_TRUE(after.attempts.empty());
  EXPECT_TRUE(engine->Latest()->settled);
  EXPECT_EQ(engine->Latest()->counts.succeeded, 0);
}

TEST_F(EngineTest, RefusesASecondEngineOnTheSameState) {
  const auto engine = StartEngine(SmallSweep(1));
  const auto second = Store::Open(folder_.Path(), clock_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
}

}  // namespace
}  // namespace archsweep
