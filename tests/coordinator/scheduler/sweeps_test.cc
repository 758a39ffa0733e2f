#include <gtest/gtest.h>

#include "coordinator/scheduler/policy.h"
#include "tests/coordinator/scheduler/fixture.h"

namespace archsweep {
namespace {

// Trial 1 is wanted by both sweeps, trial 2 by the second alone.
InitialState TwoSweeps(QueuePolicy first = {}, QueuePolicy second = {}) {
  InitialState state;
  AddTrial(state, 1);
  state.sweeps[0].name = "first";
  state.sweeps[0].queue = first;
  state.sweeps.push_back({.name = "second", .queue = second, .reason = "", .tasks = {}});
  AddTrial(state, 2);
  state.sweeps[1].tasks.push_back(TaskId::Train(Trial(1)));
  return state;
}

TEST(Sweeps, CancellingOneOfTwoThatShareATrialLeavesItRunning) {
  Harness harness(TwoSweeps({.priority = 1}));
  const Token token = harness.Begin();
  harness.Start(1, token);
  harness.Step(SweepCancelled{"first", true});
  EXPECT_EQ(harness.Take<SweepStateChanged>().state, SweepState::kCancelled);
  ASSERT_EQ(harness.scheduler.Desired(Worker(1)).size(), 1u);
  EXPECT_FALSE(harness.scheduler.Desired(Worker(1))[0]->stopping);
}

TEST(Sweeps, WithdrawingTheLastStopsATrialWhichKeepsACheckpointAndIsCancelled) {
  Harness harness(TwoSweeps({.priority = 1}));
  const Token token = harness.Begin();
  harness.Start(1, token);
  harness.Step(SweepCancelled{"first", false});
  harness.Take<SweepStateChanged>();
  harness.Step(SweepCancelled{"second", false});
  harness.Take<SweepStateChanged>();
  EXPECT_EQ(harness.Take<TaskCancelled>().task, TaskId::Train(Trial(2)));
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.Desired(Worker(1))[0]->stopping);
  harness.Report(1, token, FailedLine{{FailureClass::kStopped, "kept a checkpoint"}});
  EXPECT_EQ(harness.Take<AttemptFailed>().next, AfterFailure::kCancelled);
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.Settled());
}

TEST(Sweeps, CancelNowEndsAnAttemptAtOnce) {
  Harness harness(TwoSweeps({.priority = 1}));
  const Token token = harness.Begin();
  harness.Start(1, token);
  harness.Step(SweepCancelled{"second", true});
  harness.Take<SweepStateChanged>();
  harness.Take<TaskCancelled>();
  harness.Step(SweepCancelled{"first", true});
  harness.Take<SweepStateChanged>();
  const auto failed = harness.Take<AttemptFailed>();
  EXPECT_EQ(failed.next, AfterFailure::kCancelled);
  EXPECT_EQ(failed.charged + failed.uncharged, 0);
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.Desired(Worker(1)).empty());
}

TEST(Sweeps, PausingStopsWhatNoOtherSweepRunsAndResumingGoesOn) {
  Harness harness(TwoSweeps({.priority = 1}));
  const Token token = harness.Begin();
  harness.Start(1, token);
  harness.Step(SweepPaused{"first", "lunch"});
  EXPECT_EQ(harness.Take<SweepStateChanged>().reason, "lunch");
  EXPECT_FALSE(harness.scheduler.Desired(Worker(1))[0]->stopping);
  harness.Step(SweepPaused{"second", "lunch"});
  harness.Take<SweepStateChanged>();
  harness.ExpectWake(1);
  harness.Report(1, token, FailedLine{{FailureClass::kStopped, "kept a checkpoint"}});
  EXPECT_EQ(harness.Take<AttemptFailed>().next, AfterFailure::kQueued);
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.Settled());
  EXPECT_EQ(harness.scheduler.Explain(TaskId::Train(Trial(1))).reasons.at(0).kind,
            ReasonKind::kPaused);
  harness.Step(SweepResumed{"first"});
  harness.Take<SweepStateChanged>();
  EXPECT_EQ(harness.Take<AttemptAssigned>().task, TaskId::Train(Trial(1)));
  harness.ExpectWake(1);
}

TEST(Sweeps, OneOfHigherPriorityComesFirst) {
  Harness harness(TwoSweeps({}, {.priority = 3}));
  harness.Register(1, 1);
  harness.Take<WorkerJoined>();
  // Both are wanted by the second one, in the order of its tasks.
  EXPECT_EQ(harness.Take<AttemptAssigned>().task, TaskId::Train(Trial(2)));
  harness.ExpectWake(1);
  Harness other(TwoSweeps({.priority = 3}, {}));
  EXPECT_EQ(other.Begin(), Token{1});
  EXPECT_EQ(other.scheduler.Desired(Worker(1))[0]->task, TaskId::Train(Trial(1)));
}

TEST(Sweeps, RunsNoMoreAtOnceThanItMayAndOthersTakeTheirTurn) {
  InitialState state = TwoSweeps({}, {.priority = 3, .running_max = 1});
  Harness harness(state);
  harness.Register(1, 3);
  harness.Take<WorkerJoined>();
  // The second sweep may run one; the shared trial runs for the first.
  EXPECT_EQ(harness.Take<AttemptAssigned>().task, TaskId::Train(Trial(2)));
  EXPECT_EQ(harness.Take<AttemptAssigned>().task, TaskId::Train(Trial(1)));
  harness.ExpectWake(1);
}

TEST(Sweeps, PausesWhenMoreTasksFailedThanItMayHave) {
  InitialState state;
  AddTrial(state, 1);
  AddTrial(state, 2);
  state.sweeps[0].queue.failed_max = 0;
  Harness harness(state);
  const Token token = harness.Begin();
  harness.Report(1, token, FailedLine{{FailureClass::kConfiguration, "no data"}});
  EXPECT_EQ(harness.Take<AttemptFailed>().next, AfterFailure::kFailed);
  EXPECT_EQ(harness.Take<SweepStateChanged>().state, SweepState::kPaused);
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.Settled());
}

TEST(Sweeps, RetriesWhatFailedWithItsCountsAtZero) {
  InitialState state;
  AddTrial(state, 1);
  Harness harness(state);
  const Token token = harness.Begin();
  harness.Report(1, token, FailedLine{{FailureClass::kConfiguration, "no data"}});
  harness.Take<AttemptFailed>();
  harness.ExpectWake(1);
  harness.Step(TasksRetried{"sweep", FailureClass::kTask});
  harness.ExpectNothing();
  harness.Step(TasksRetried{"sweep", FailureClass::kConfiguration});
  EXPECT_EQ(harness.Take<TaskRequeued>().task, TaskId::Train(Trial(1)));
  EXPECT_EQ(harness.Take<AttemptAssigned>().number, 2);
  harness.ExpectWake(1);
}

TEST(Sweeps, DrainingAWorkerTakesItsWorkBackAndTellsItToLeave) {
  InitialState state;
  AddTrial(state, 1);
  Harness harness(state);
  const Token token = harness.Begin();
  harness.Step(WorkerDrainAsked{Worker(1)});
  EXPECT_EQ(harness.Take<WorkerDrained>().worker, Worker(1));
  harness.ExpectWake(1);
  harness.Report(1, token, FailedLine{{FailureClass::kStopped, "drained"}});
  EXPECT_EQ(harness.Take<AttemptFailed>().next, AfterFailure::kQueued);
  harness.ExpectWake(1);
  EXPECT_TRUE(harness.scheduler.IsDraining(Worker(1)));
  EXPECT_EQ(harness.scheduler.Explain(TaskId::Train(Trial(1))).reasons.at(0).kind,
            ReasonKind::kDraining);
}

}  // namespace
}  // namespace archsweep
