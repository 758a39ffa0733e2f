#include "coordinator/scheduler/scheduler.h"

#include <gtest/gtest.h>

#include "coordinator/scheduler/policy.h"
#include "tests/coordinator/scheduler/fixture.h"

namespace archsweep {
namespace {

TEST(Scheduler, AssignsTheLongestTrainingFirstToTheLowestFreeSlot) {
  InitialState state;
  AddTrial(state, 1, 0, 5);
  AddTrial(state, 2, 0, 9);
  AddTrial(state, 3, 0, 7);
  Harness harness(state);
  harness.Register(1, 2);
  harness.Take<WorkerJoined>();
  EXPECT_EQ(harness.Take<AttemptAssigned>(),
            (AttemptAssigned{Token{1}, TaskId::Train(Trial(2)), 1, Worker(1), {0}}));
  EXPECT_EQ(harness.Take<AttemptAssigned>(),
            (AttemptAssigned{Token{2}, TaskId::Train(Trial(3)), 1, Worker(1), {1}}));
  harness.ExpectWake(1);
}

TEST(Scheduler, RunsEvaluationsAsSoonAsTheirTrialHasWeightsAndBeforeOtherTrainings) {
  InitialState state;
  AddTrial(state, 1, 2, 9);
  AddTrial(state, 2, 0, 5);
  Harness harness(state);
  const Token token = harness.Begin();
  harness.Start(1, token);
  harness.Report(1, token, TrainedLine{.steps = 60, .folder = "a", .model_sha256 = "b"});
  EXPECT_EQ(harness.Take<TrainingSucceeded>().trial, Trial(1));
  const auto assigned = harness.Take<AttemptAssigned>();
  EXPECT_EQ(assigned.task, TaskId::Evaluate(Evaluation(10)));
  EXPECT_EQ(assigned.slots, std::vector<int>{0});
  harness.ExpectWake(1);
  EXPECT_FALSE(harness.scheduler.Settled());
}

TEST(Scheduler, SettlesWhenAllResultsAreThere) {
  InitialState state;
  AddTrial(state, 1, 1);
  Harness harness(state);
  const Token training = harness.Begin();
  harness.Start(1, training);
  harness.Report(1, training, TrainedLine{.folder = "a"});
  harness.Take<TrainingSucceeded>();
  const Token evaluation = harness.Take<AttemptAssigned>().token;
  harness.ExpectWake(1);
  harness.Start(1, evaluation);
  harness.Report(1, evaluation, EvaluatedLine{.images = 8, .correct = 3}, "\x07");
  const auto succeeded = harness.Take<EvaluationSucceeded>();
  EXPECT_EQ(succeeded.evaluation, Evaluation(10));
  EXPECT_EQ(succeeded.line.correct, 3);
  EXPECT_EQ(succeeded.flags, "\x07");
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.Settled());
  EXPECT_EQ(harness.Counts().succeeded, 2);
}

TEST(Scheduler, SettlesWithoutTheEvaluationsOfADivergedTraining) {
  InitialState state;
  AddTrial(state, 1, 2);
  Harness harness(state);
  const Token token = harness.Begin();
  harness.Start(1, token);
  harness.Report(1, token, TrainedLine{.diverged = true});
  EXPECT_TRUE(harness.Take<TrainingSucceeded>().line.diverged);
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.Settled());
  EXPECT_EQ(harness.Counts().unreachable, 2);
}

TEST(Scheduler, RunsAnEvaluationOfTheBestWeightsOnlyWhereThereAreSome) {
  for (const bool has_best : {true, false}) {
    InitialState state;
    AddTrial(state, 1, 2);
    state.tasks[2].spec.checkpoint = CheckpointRole::kBest;
    state.tasks[2].spec.work = 5;  // So that it would come first.
    Harness harness(state);
    const Token token = harness.Begin();
    harness.Start(1, token);
    TrainedLine line = {.folder = "a"};
    if (has_best) line.best = BestCheckpoint{.folder = "b"};
    harness.Report(1, token, line);
    harness.Take<TrainingSucceeded>();
    EXPECT_EQ(harness.Take<AttemptAssigned>().task,
              TaskId::Evaluate(Evaluation(has_best ? 11 : 10)));
    harness.ExpectWake(1);
    EXPECT_EQ(harness.Counts().unreachable, has_best ? 0 : 1);
  }
}

TEST(Scheduler, NeedsNoTrainingForWeightsThatAreThere) {
  InitialState state;
  AddTrial(state, 1, 1);
  state.tasks.erase(state.tasks.begin());
  state.sweeps[0].tasks.erase(state.sweeps[0].tasks.begin());
  state.weights.insert({Trial(1), CheckpointRole::kLast});
  Harness harness(state);
  const Token token = harness.Begin();
  harness.Start(1, token);
  harness.Report(1, token, EvaluatedLine{.images = 8, .correct = 3}, "\x07");
  harness.Take<EvaluationSucceeded>();
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.Settled());
  EXPECT_EQ(harness.Counts().total, 1);
}

TEST(Scheduler, AppliesANumberedLineOnce) {
  InitialState state;
  AddTrial(state, 1);
  Harness harness(state);
  const Token token = harness.Begin();
  harness.Start(1, token);
  const WorkerReport report{
      .worker = Worker(1),
      .attempts = {{token, {{.number = 2, .line = EpochLine{.epoch = 1}, .flags = ""}}}}};
  harness.Step(WorkerReported{report});
  EXPECT_EQ(harness.Take<EpochRecorded>().line.epoch, 1);
  harness.Step(WorkerReported{report});
  harness.ExpectNothing();
}

TEST(Scheduler, RecordsWhatAnAttemptUsesWithItsEndAndSeldomBefore) {
  Harness harness(OneRunning());
  const auto report = [&](int worker, int64_t wall_ms, std::vector<NumberedLine> lines = {}) {
    const ResourceUse use{.wall_ms = wall_ms};
    harness.Step(WorkerReported{
        {.worker = Worker(worker), .attempts = {{Token{7}, std::move(lines), use}}}});
  };
  report(1, 2'000);
  harness.now_ms = kUseRecordMs - 1;
  report(1, 59'000);
  harness.now_ms = kUseRecordMs;
  report(1, 60'000);
  const auto measured = harness.Take<UseMeasured>();
  EXPECT_EQ(measured.token, Token{7});
  EXPECT_EQ(measured.use.wall_ms, 60'000);
  report(1, 40'000);
  harness.Register(2, 1);
  harness.Take<WorkerJoined>();
  report(2, 99'000);
  EXPECT_EQ(harness.scheduler.Live().at(Token{7}).use->wall_ms, 60'000)
      << "neither what came late counts nor what another worker says";
  report(1, 70'000, {{.number = 1, .line = TrainedLine{}, .flags = ""}});
  EXPECT_EQ(harness.Take<TrainingSucceeded>().use->wall_ms, 70'000);
  harness.ExpectWake(1);
}

TEST(Scheduler, ChargesATaskForItsFailureAndBacksOff) {
  InitialState state;
  AddTrial(state, 1);
  Harness harness(state);
  Token token = harness.Begin();
  for (int failures = 1; failures <= kChargedFailuresMax; ++failures) {
    harness.Report(1, token, FailedLine{{FailureClass::kTask, "crashed"}});
    const auto failed = harness.Take<AttemptFailed>();
    EXPECT_EQ(failed.charged, failures);
    harness.ExpectWake(1);
    if (failures == kChargedFailuresMax) {
      EXPECT_EQ(failed.next, AfterFailure::kFailed);
      break;
    }
    EXPECT_EQ(failed.next, AfterFailure::kBackoff);
    EXPECT_FALSE(harness.scheduler.Settled());
    harness.Wait(kBackoffFirstMs / 2 - 1);
    harness.ExpectNothing();
    harness.Step(WorkerReported{{.worker = Worker(1), .attempts = {}}});
    harness.Wait(kBackoffFirstMs << failures);
    token = harness.Take<AttemptAssigned>().token;
    harness.ExpectWake(1);
    harness.Step(WorkerReported{{.worker = Worker(1), .attempts = {}}});
  }
  EXPECT_TRUE(harness.scheduler.Settled());
  EXPECT_EQ(harness.Counts().failed, 1);
}

TEST(Scheduler, FailsATaskAtOnceForAConfigurationThatCannotWork) {
  InitialState state;
  AddTrial(state, 1, 1);
  Harness harness(state);
  const Token token = harness.Begin();
  harness.Report(1, token, FailedLine{{FailureClass::kConfiguration, "no data"}});
  EXPECT_EQ(harness.Take<AttemptFailed>().next, AfterFailure::kFailed);
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.Settled());
  EXPECT_EQ(harness.Counts().unreachable, 1);
}

TEST(Scheduler, TakesAttemptsFromASilentWorkerWithoutCharge) {
  InitialState state;
  AddTrial(state, 1);
  Harness harness(state);
  const Token token = harness.Begin();
  harness.Start(1, token);
  harness.Wait(kLeaseMs - 1);
  harness.ExpectNothing();
  harness.Wait(1);
  const auto failed = harness.Take<AttemptFailed>();
  EXPECT_EQ(failed.failure.kind, FailureClass::kLost);
  EXPECT_EQ(failed.charged, 0);
  EXPECT_EQ(failed.uncharged, 1);
  EXPECT_EQ(failed.next, AfterFailure::kQueued);
  EXPECT_EQ(harness.Take<WorkerLeft>().worker, Worker(1));
  harness.ExpectWake(1);
  EXPECT_FALSE(harness.scheduler.Knows(Worker(1)));
}

TEST(Scheduler, RefusesTheEndOfAnAttemptThatWasReplaced) {
  InitialState state;
  AddTrial(state, 1);
  Harness harness(state);
  const Token old = harness.Begin();
  harness.Start(1, old);
  harness.Wait(kLeaseMs);
  harness.Take<AttemptFailed>();
  harness.Take<WorkerLeft>();
  harness.ExpectWake(1);
  harness.Register(2, 1);
  harness.Take<WorkerJoined>();
  const Token token = harness.Take<AttemptAssigned>().token;
  EXPECT_GT(token, old);
  harness.ExpectWake(2);
  harness.Report(2, old, TrainedLine{.folder = "zombie"});
  EXPECT_EQ(harness.Take<ReportRefused>().token, old);
}

TEST(Scheduler, EndsTheLeasesOfADeadLifeWhenItsSuccessorRegisters) {
  Harness harness(OneRunning());
  EXPECT_FALSE(harness.scheduler.Settled());
  EXPECT_EQ(harness.Counts().live, 1);
  harness.Register(2, 1, {Worker(1)});
  EXPECT_EQ(harness.Take<AttemptFailed>().failure.kind, FailureClass::kLost);
  harness.Take<WorkerLeft>();
  harness.Take<WorkerJoined>();
  const auto assigned = harness.Take<AttemptAssigned>();
  EXPECT_EQ(assigned.token, Token{8});
  EXPECT_EQ(assigned.number, 2);
  harness.ExpectWake(1);
  harness.ExpectWake(2);
}

TEST(Scheduler, LetsARecoveredWorkerComeBackWithItsAttempt) {
  Harness harness(OneRunning());
  harness.Report(1, Token{7}, TrainedLine{.folder = "a"});
  EXPECT_EQ(harness.Take<TrainingSucceeded>().token, Token{7});
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.Settled());
  EXPECT_TRUE(harness.scheduler.Knows(Worker(1)));
}

TEST(Scheduler, StopsWithoutChargeAndAssignsNothingMore) {
  InitialState state;
  AddTrial(state, 1);
  AddTrial(state, 2);
  Harness harness(state);
  const Token token = harness.Begin();
  harness.Start(1, token);
  harness.Step(StopRequested{});
  harness.ExpectWake(1);
  ASSERT_EQ(harness.scheduler.Desired(Worker(1)).size(), 1u);
  EXPECT_TRUE(harness.scheduler.Desired(Worker(1))[0]->stopping);
  harness.Report(1, token, FailedLine{{FailureClass::kStopped, "asked"}});
  const auto failed = harness.Take<AttemptFailed>();
  EXPECT_EQ(failed.next, AfterFailure::kQueued);
  EXPECT_EQ(failed.charged + failed.uncharged, 0);
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.Settled());
  EXPECT_TRUE(harness.scheduler.Desired(Worker(1)).empty());
}

TEST(Scheduler, TreatsAnEndOfTheWrongKindAsAFailureOfTheTask) {
  InitialState state;
  AddTrial(state, 1);
  Harness harness(state);
  const Token token = harness.Begin();
  harness.Start(1, token);
  harness.Report(1, token, EvaluatedLine{.images = 1});
  EXPECT_EQ(harness.Take<AttemptFailed>().failure.kind, FailureClass::kTask);
  harness.ExpectWake(1);
}

TEST(Scheduler, GivesNoCpuSlotToATaskThatNeedsAGpu) {
  InitialState state;
  AddTrial(state, 1);
  state.sweeps[0].resources = {.gpus = 1};
  Harness harness(state);
  harness.Register(1, 4);
  harness.Take<WorkerJoined>();
  harness.ExpectNothing();
  harness.Step(
      WorkerRegistered{{.worker = Worker(2), .host = "gpu", .cpu_slots = 2, .gpu_slots = 1}});
  harness.Take<WorkerJoined>();
  EXPECT_EQ(harness.Take<AttemptAssigned>().slots, std::vector<int>{2});
  harness.ExpectWake(2);
}

TEST(Scheduler, GivesAGangItsSlotsAllOrNone) {
  InitialState state;
  AddWide(state, 1, 2, 30);
  AddWide(state, 2, 3, 20);
  Harness harness(state);
  harness.Register(1, 4);
  harness.Take<WorkerJoined>();
  EXPECT_EQ(harness.Take<AttemptAssigned>().slots, (std::vector<int>{0, 1}));
  harness.ExpectWake(1);
  // The second one waits for a third slot and holds none of the two that are free.
  harness.ExpectNothing();
  const Token first{1};
  harness.Start(1, first);
  harness.Report(1, first, TrainedLine{.steps = 1, .folder = "f"});
  harness.Take<TrainingSucceeded>();
  EXPECT_EQ(harness.Take<AttemptAssigned>().slots, (std::vector<int>{0, 1, 2}));
  harness.ExpectWake(1);
}

TEST(Scheduler, TakesTheSlotsOfAGangFromOneWorker) {
  InitialState state;
  AddWide(state, 1, 3, 1);
  Harness harness(state);
  harness.Register(1, 2);
  harness.Take<WorkerJoined>();
  harness.Register(2, 2);
  harness.Take<WorkerJoined>();
  harness.ExpectNothing();
  harness.Register(3, 3);
  harness.Take<WorkerJoined>();
  EXPECT_EQ(harness.Take<AttemptAssigned>().worker, Worker(3));
  harness.ExpectWake(3);
}

TEST(Scheduler, DoesNotLetATaskThatFitsNoWorkerHoldUpOthers) {
  InitialState state;
  AddWide(state, 1, 5, 30);
  AddWide(state, 2, 1, 10);
  Harness harness(state);
  harness.Register(1, 4);
  harness.Take<WorkerJoined>();
  EXPECT_EQ(harness.Take<AttemptAssigned>().task, TaskId::Train(Trial(2)));
  harness.ExpectWake(1);
  EXPECT_FALSE(harness.scheduler.Settled());
}

TEST(Scheduler, SendsTheSameOrdersUntilTheAttemptEnds) {
  InitialState state;
  AddTrial(state, 1);
  Harness harness(state);
  const Token token = harness.Begin();
  for (int call = 0; call < 3; ++call) {
    harness.Step(WorkerReported{{.worker = Worker(1), .attempts = {}}});
    ASSERT_EQ(harness.scheduler.Desired(Worker(1)).size(), 1u);
    EXPECT_EQ(harness.scheduler.Desired(Worker(1))[0]->token, token);
  }
}

}  // namespace
}  // namespace archsweep
