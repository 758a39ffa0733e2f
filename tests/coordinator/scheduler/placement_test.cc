#include <gtest/gtest.h>

#include "coordinator/scheduler/policy.h"
#include "tests/coordinator/scheduler/fixture.h"

namespace archsweep {
namespace {

void Join(Harness& harness, WorkerDescription description) {
  harness.Step(WorkerRegistered{std::move(description)});
  harness.Take<WorkerJoined>();
}

ReasonKind WhyFirst(const Harness& harness, int trial) {
  return harness.scheduler.Explain(TaskId::Train(Trial(trial))).reasons.at(0).kind;
}

TEST(Placement, KeepsAWorkerFreeForAWideTaskThatLookedOnForLong) {
  InitialState state;
  AddTrial(state, 1, 0, 50);
  AddTrial(state, 2, 0, 40);
  AddTrial(state, 3, 0, 30);
  AddWide(state, 9, 2, 1);
  Harness harness(state);
  harness.Register(1, 2);
  harness.Take<WorkerJoined>();
  const Token first = harness.Take<AttemptAssigned>().token;
  harness.Take<AttemptAssigned>();
  harness.ExpectWake(1);
  harness.Start(1, first);
  for (int64_t waited_ms = 0; waited_ms < kReserveAfterMs; waited_ms += kLeaseMs / 2) {
    harness.Wait(kLeaseMs / 2);
    harness.Step(WorkerReported{{.worker = Worker(1)}});
  }
  // A slot is free, and the third narrow task does not get it.
  harness.Report(1, first, TrainedLine{.seconds = 100, .folder = "f"});
  harness.Take<TrainingSucceeded>();
  harness.ExpectWake(1);
  EXPECT_EQ(harness.scheduler.Explain(TaskId::Train(Trial(9))).reasons.back().kind,
            ReasonKind::kKept);
}

TEST(Placement, SharesADeviceAsFarAsItsMemoryGoes) {
  InitialState state;
  for (int trial = 1; trial <= 3; ++trial) AddTrial(state, trial);
  for (InitialTask& task : state.tasks) task.spec.memory = 40;
  state.sweeps[0].resources = {.gpus = 1, .share = 3};
  Harness harness(state);
  Join(harness, {.worker = Worker(1), .host = "h", .gpu_slots = 1, .device_bytes = {100}});
  EXPECT_EQ(harness.Take<AttemptAssigned>().share, 3);
  EXPECT_EQ(harness.Take<AttemptAssigned>().slots, std::vector<int>{0});
  harness.ExpectWake(1);  // Two fit, and the third does not.
}

TEST(Placement, LeavesOutWorkersWithTooLittleMemory) {
  InitialState state;
  AddTrial(state, 1);
  state.tasks[0].spec.memory = 101;
  Harness harness(state);
  Join(harness, {.worker = Worker(1), .host = "h", .cpu_slots = 1, .memory_bytes = 100});
  EXPECT_EQ(WhyFirst(harness, 1), ReasonKind::kMemory);
  Join(harness, {.worker = Worker(2), .host = "h", .cpu_slots = 1, .memory_bytes = 101});
  EXPECT_EQ(harness.Take<AttemptAssigned>().worker, Worker(2));
  harness.ExpectWake(2);
}

TEST(Placement, BeginsNothingOnAWorkerThatEndsTooSoon) {
  InitialState state;
  AddTrial(state, 1);
  Harness harness(state);
  Join(harness,
       {.worker = Worker(1), .host = "h", .cpu_slots = 1, .ends_in_ms = kTrainingTimeMinMs - 1});
  EXPECT_EQ(WhyFirst(harness, 1), ReasonKind::kTime);
  Join(harness,
       {.worker = Worker(2), .host = "h", .cpu_slots = 1, .ends_in_ms = kTrainingTimeMinMs});
  EXPECT_EQ(harness.Take<AttemptAssigned>().worker, Worker(2));
  harness.ExpectWake(2);
}

TEST(Placement, EvaluatesWhereTheNetworkWasTrained) {
  InitialState state;
  AddTrial(state, 1, 1);
  Harness harness(state);
  Join(harness, {.worker = Worker(1), .host = "a", .cpu_slots = 1});
  const Token token = harness.Take<AttemptAssigned>().token;
  harness.ExpectWake(1);
  for (const int other : {2, 3}) {
    Join(harness, {.worker = Worker(other), .host = "b", .cpu_slots = 1});
  }
  harness.Start(1, token);
  harness.Report(1, token, TrainedLine{.folder = "f"});
  harness.Take<TrainingSucceeded>();
  EXPECT_EQ(harness.Take<AttemptAssigned>().worker, Worker(1));
  harness.ExpectWake(1);
}

TEST(Placement, LeavesAHostAloneWhereTrialsFailAgainAndAgain) {
  InitialState state;
  for (int trial = 1; trial <= 4; ++trial) AddTrial(state, trial, 0, 10 - trial);
  Harness harness(state);
  Join(harness, {.worker = Worker(1), .host = "bad", .cpu_slots = 4});
  std::vector<Token> tokens;
  for (int i = 0; i < 4; ++i) tokens.push_back(harness.Take<AttemptAssigned>().token);
  harness.ExpectWake(1);
  Join(harness, {.worker = Worker(2), .host = "good", .cpu_slots = 1});
  for (int failures = 1; failures <= kHostFailuresMax; ++failures) {
    harness.Report(1, tokens[static_cast<size_t>(failures - 1)],
                   FailedLine{{FailureClass::kTask, "no device"}});
    harness.Take<AttemptFailed>();
    harness.ExpectWake(1);
  }
  EXPECT_EQ(harness.Take<HostQuarantined>().host, "bad");
  harness.Step(HostReleaseAsked{"bad"});
  EXPECT_EQ(harness.Take<HostReleased>().host, "bad");
}

TEST(Placement, TriesATaskThatRanOutOfMemoryOnceMoreWhereThereIsMore) {
  InitialState state;
  AddTrial(state, 1);
  Harness harness(state);
  Join(harness, {.worker = Worker(1), .host = "a", .cpu_slots = 1, .memory_bytes = 100});
  const Token token = harness.Take<AttemptAssigned>().token;
  harness.ExpectWake(1);
  Join(harness, {.worker = Worker(2), .host = "b", .cpu_slots = 1, .memory_bytes = 200});
  harness.Report(1, token, FailedLine{{FailureClass::kOutOfMemory, "out of memory"}});
  EXPECT_EQ(harness.Take<AttemptFailed>().next, AfterFailure::kBackoff);
  harness.ExpectWake(1);
  harness.Step(WorkerReported{{.worker = Worker(2)}});
  harness.Wait(kBackoffFirstMs);
  const auto again = harness.Take<AttemptAssigned>();
  EXPECT_EQ(again.worker, Worker(2));
  harness.ExpectWake(2);
  harness.Report(2, again.token, FailedLine{{FailureClass::kOutOfMemory, "out of memory"}});
  EXPECT_EQ(harness.Take<AttemptFailed>().next, AfterFailure::kFailed);
  harness.ExpectWake(2);
}

TEST(Placement, ChargesAGangForItsSecondHangOnly) {
  InitialState state;
  AddWide(state, 1, 2, 1);
  Harness harness(state);
  harness.Register(1, 2);
  harness.Take<WorkerJoined>();
  Token token = harness.Take<AttemptAssigned>().token;
  harness.ExpectWake(1);
  for (const int charged : {0, 1}) {
    harness.Report(1, token, FailedLine{{FailureClass::kStalled, "no step"}});
    EXPECT_EQ(harness.Take<AttemptFailed>().charged, charged);
    harness.ExpectWake(1);
    if (charged == 1) break;
    harness.Wait(kBackoffFirstMs);
    token = harness.Take<AttemptAssigned>().token;
    harness.ExpectWake(1);
  }
}

TEST(Placement, GivesAShortTaskInAdvanceAndTakesItBackWithoutCount) {
  InitialState state;
  for (int trial = 1; trial <= 4; ++trial) AddTrial(state, trial, 0, 1);
  Harness harness(state);
  const Token first = harness.Begin();
  harness.Start(1, first);
  harness.now_ms += 100;
  harness.Report(1, first, TrainedLine{.folder = "f"});
  harness.Take<TrainingSucceeded>();
  EXPECT_FALSE(harness.Take<AttemptAssigned>().in_advance);
  const auto next = harness.Take<AttemptAssigned>();
  EXPECT_TRUE(next.in_advance);
  EXPECT_EQ(next.slots, std::vector<int>{0});
  harness.ExpectWake(1);
  harness.Wait(kLeaseMs / 2);  // Longer than one in advance may wait.
  EXPECT_EQ(harness.Take<AttemptFailed>().token, next.token);
  EXPECT_TRUE(harness.Take<AttemptAssigned>().in_advance);
  harness.ExpectWake(1);
  harness.Wait(kLeaseMs);
  const auto lost = harness.Take<AttemptFailed>();
  EXPECT_EQ(lost.uncharged, 0) << "it had not begun";
  EXPECT_EQ(harness.Take<AttemptFailed>().uncharged, 1);
  harness.Take<WorkerLeft>();
  harness.ExpectWake(1);
}

}  // namespace
}  // namespace archsweep
