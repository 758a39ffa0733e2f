#include "worker/agent/agent.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <thread>

#include "archsweep_version.h"
#include "base/sha256.h"
#include "tests/worker/agent/fixture.h"
#include "tests/worker/agent/scripted_coordinator.h"
#include "worker/agent/process_table.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr Token kFirst{7};
constexpr Token kSecond{9};

AttemptOrder Training(Token token, FakeMode mode, int amount = 0, int slot = 0) {
  return {.token = token,
          .trial = FakeTrial(mode, amount),
          .evaluation = std::nullopt,
          .weights = std::nullopt,
          .slots = {slot}};
}

AttemptOrder Evaluation(Token token, FakeMode mode, int amount = 0) {
  AttemptOrder order = Training(token, mode, amount);
  order.evaluation =
      EvaluationSpec{.trial = IdOf(order.trial), .attack = AttackKind::kAutoAttack, .images = 11};
  order.weights = CheckpointRef{"checkpoints/x/1/step-1", ""};
  return order;
}

// An agent on a thread of its own, with a coordinator that follows a script.
class Agents : public testing::Test {
 protected:
  AgentOptions Options() const {
    return {.access = {.role = Role::kWorker,
                       .addresses = {coordinator_.Address()},
                       .token = ScriptedCoordinator::kToken},
            .work_folder = folder_.Path() / "work",
            .shared_folder = folder_.Path() / "shared",
            .data_root = folder_.Path() / "data",
            .trainer_program = kFakeTrainer,
            .cpu_slots = 2};
  }

  void Start(const AgentOptions& options) {
    auto agent = Agent::Open(options);
    ASSERT_TRUE(agent) << agent.error().message;
    agent_ = *std::move(agent);
    thread_ = std::jthread([this](std::stop_token stop) { ended_ = agent_->Run(stop); });
  }
  void Start() { Start(Options()); }

  Status Stop() {
    thread_.request_stop();
    return Join();
  }
  Status Join() {
    thread_.join();
    agent_.reset();
    return *ended_;
  }

  // Asks a running attempt to stop, and takes it back when it has left a checkpoint.
  void StopAtACheckpoint(Token token, CheckpointLine& checkpoint) {
    ASSERT_TRUE(WaitUntil([&] { return coordinator_.LinesOf(token).size() >= 2; }));
    coordinator_.AskStop(token);
    ASSERT_TRUE(WaitUntil([&] { return HasFinalLine(token); }));
    coordinator_.Withdraw(token);
    const auto lines = coordinator_.LinesOf(token);
    checkpoint = std::get<CheckpointLine>(std::next(lines.rbegin())->second);
  }

  bool HasFinalLine(Token token) const {
    const auto lines = coordinator_.LinesOf(token);
    return !lines.empty() && IsFinal(lines.rbegin()->second);
  }
  Failure FailureOf(Token token) const {
    const auto lines = coordinator_.LinesOf(token);
    const auto* failed = std::get_if<FailedLine>(&lines.rbegin()->second);
    EXPECT_NE(failed, nullptr);
    return failed != nullptr ? failed->failure : Failure{};
  }
  size_t Running() const { return ProcessesOf(Options().work_folder / "attempts").size(); }

  TemporaryFolder folder_;
  ScriptedCoordinator coordinator_;
  std::unique_ptr<Agent> agent_;
  std::optional<Status> ended_;
  std::jthread thread_;
};

TEST_F(Agents, TellWhatTheyCanRun) {
  Start();
  // One that is stopped before it knows that it was registered has nothing to take leave of.
  ASSERT_TRUE(WaitUntil([&] { return coordinator_.Reports() > 0; }));
  ASSERT_EQ(coordinator_.Registrations().size(), 1u);
  const WorkerDescription description = coordinator_.Registrations().front();
  EXPECT_EQ(description.cpu_slots, 2);
  EXPECT_EQ(description.gpu_slots, 0);
  EXPECT_FALSE(description.host.empty());
  EXPECT_EQ(description.version, kBuild);
  EXPECT_TRUE(description.dead_workers.empty());
  EXPECT_TRUE(Stop());
  EXPECT_TRUE(coordinator_.HasLeft());
}

TEST_F(Agents, TellEveryLineOfAnAttemptInOrder) {
  coordinator_.Desire(Training(kFirst, FakeMode::kSteps, 3));
  Start();
  ASSERT_TRUE(WaitUntil([&] { return HasFinalLine(kFirst); }));
  const auto lines = coordinator_.LinesOf(kFirst);
  EXPECT_EQ(lines.begin()->first, 1);
  EXPECT_TRUE(std::holds_alternative<StartedLine>(lines.begin()->second));
  const auto& trained = std::get<TrainedLine>(lines.rbegin()->second);
  // Below the shared folder, for another host may have mounted it elsewhere.
  EXPECT_TRUE(fs::exists(Options().shared_folder / trained.folder / "model.safetensors"))
      << trained.folder;
  EXPECT_TRUE(Stop());
}

TEST_F(Agents, RunNoMoreThanOneAttemptInASlot) {
  coordinator_.Desire(Training(kFirst, FakeMode::kHang));
  Start();
  ASSERT_TRUE(WaitUntil([&] { return Running() == 1; }));
  coordinator_.Desire(Training(kSecond, FakeMode::kFinish));
  coordinator_.Desire(Training(Token{11}, FakeMode::kFinish, 0, 1));
  ASSERT_TRUE(WaitUntil([&] { return HasFinalLine(Token{11}); }));
  EXPECT_TRUE(coordinator_.LinesOf(kSecond).empty()) << "its slot is taken";
  coordinator_.AskStop(kFirst);
  EXPECT_TRUE(WaitUntil([&] { return HasFinalLine(kSecond); }));
  EXPECT_EQ(FailureOf(kFirst).kind, FailureClass::kStopped);
  EXPECT_TRUE(Stop());
}

TEST_F(Agents, RepeatUnansweredLinesUnderTheirNumbers) {
  coordinator_.Desire(Training(kFirst, FakeMode::kSteps, 50));
  Start();
  ASSERT_TRUE(WaitUntil([&] { return !coordinator_.LinesOf(kFirst).empty(); }));
  coordinator_.AnswerWith(grpc::StatusCode::UNAVAILABLE);
  ASSERT_TRUE(WaitUntil([&] { return coordinator_.FailedCalls() >= 2; }));
  coordinator_.AnswerWith(grpc::StatusCode::OK);
  ASSERT_TRUE(WaitUntil([&] { return HasFinalLine(kFirst); }));
  EXPECT_FALSE(coordinator_.LinesChanged());
  EXPECT_TRUE(std::holds_alternative<TrainedLine>(coordinator_.LinesOf(kFirst).rbegin()->second))
      << "the attempt went on while the coordinator was away";
  EXPECT_TRUE(Stop());
}

TEST_F(Agents, EndAttemptsThatAreNotDesiredAnyMore) {
  coordinator_.Desire(Training(kFirst, FakeMode::kStubborn));
  Start();
  ASSERT_TRUE(WaitUntil([&] { return Running() == 1; }));
  coordinator_.Withdraw(kFirst);
  EXPECT_TRUE(WaitUntil([&] { return Running() == 0; }));
  EXPECT_FALSE(HasFinalLine(kFirst)) << "nothing more of it is reported";
  EXPECT_TRUE(Stop());
}

TEST_F(Agents, BeginAnewWhereTheCoordinatorForgotThem) {
  coordinator_.Desire(Training(kFirst, FakeMode::kStubborn));
  Start();
  ASSERT_TRUE(WaitUntil([&] { return Running() == 1; }));
  coordinator_.Withdraw(kFirst);
  coordinator_.AnswerWith(grpc::StatusCode::NOT_FOUND);
  ASSERT_TRUE(WaitUntil([&] { return coordinator_.Registrations().size() == 2; }));
  EXPECT_EQ(Running(), 0u);
  const auto lives = coordinator_.Registrations();
  EXPECT_NE(lives[0].worker, lives[1].worker);
  EXPECT_EQ(lives[1].dead_workers, std::vector<WorkerId>{lives[0].worker});
  coordinator_.Desire(Training(kSecond, FakeMode::kFinish));
  EXPECT_TRUE(WaitUntil([&] { return HasFinalLine(kSecond); }));
  EXPECT_TRUE(Stop());
}

TEST_F(Agents, KeepCheckpointsAndTellWhenTheyLeave) {
  coordinator_.Desire(Training(kFirst, FakeMode::kSteps, 900));
  Start();
  ASSERT_TRUE(WaitUntil([&] { return coordinator_.LinesOf(kFirst).size() >= 2; }));
  const int64_t asked_ms = NowMs();
  EXPECT_TRUE(Stop());
  EXPECT_LT(NowMs() - asked_ms, kShutdownMs);
  EXPECT_TRUE(coordinator_.HasLeft());
  EXPECT_EQ(FailureOf(kFirst).kind, FailureClass::kStopped);
  const auto lines = coordinator_.LinesOf(kFirst);
  EXPECT_TRUE(std::holds_alternative<CheckpointLine>(std::next(lines.rbegin())->second));
}

TEST_F(Agents, ContinueFromTheCheckpointOfAnEarlierAttempt) {
  coordinator_.Desire(Training(kFirst, FakeMode::kSteps, 50));
  Start();
  CheckpointLine checkpoint;
  ASSERT_NO_FATAL_FAILURE(StopAtACheckpoint(kFirst, checkpoint));
  coordinator_.Desire(Training(kSecond, FakeMode::kSteps, 50));
  ASSERT_TRUE(WaitUntil([&] { return HasFinalLine(kSecond); }));
  const auto lines = coordinator_.LinesOf(kSecond);
  EXPECT_EQ(std::get<StartedLine>(lines.begin()->second).resumed_step, checkpoint.step);
  EXPECT_TRUE(Stop());
}

TEST_F(Agents, ContinueInsideAnEvaluationAndRemoveItsStateInTheEnd) {
  coordinator_.Desire(Evaluation(kFirst, FakeMode::kSteps, 50));
  Start();
  CheckpointLine checkpoint;
  ASSERT_NO_FATAL_FAILURE(StopAtACheckpoint(kFirst, checkpoint));
  const EvaluationId id = IdOf(*Evaluation(kFirst, FakeMode::kSteps, 50).evaluation);
  const fs::path state = Options().shared_folder / "checkpoints" / ToHex(id);
  EXPECT_TRUE(fs::exists(state / "7"));
  coordinator_.Desire(Evaluation(kSecond, FakeMode::kSteps, 50));
  ASSERT_TRUE(WaitUntil([&] { return HasFinalLine(kSecond); }));
  const auto lines = coordinator_.LinesOf(kSecond);
  EXPECT_EQ(std::get<StartedLine>(lines.begin()->second).resumed_step, checkpoint.step);
  coordinator_.Withdraw(kSecond);
  EXPECT_TRUE(WaitUntil([&] { return !fs::exists(state); }));
  EXPECT_TRUE(Stop());
}

TEST_F(Agents, KeepTheArtifactOfAnEvaluationBelowTheSharedFolder) {
  coordinator_.Desire(Evaluation(kFirst, FakeMode::kFinish));
  Start();
  ASSERT_TRUE(WaitUntil([&] { return HasFinalLine(kFirst); }));
  const auto lines = coordinator_.LinesOf(kFirst);
  const auto& evaluated = std::get<EvaluatedLine>(lines.rbegin()->second);
  ASSERT_TRUE(evaluated.artifact);
  EXPECT_EQ(Sha256HexOfFile(Options().shared_folder / evaluated.artifact->file).value(),
            evaluated.artifact->sha256);
  EXPECT_EQ(evaluated.warnings, std::vector<std::string>{"a fake attack"});
  EXPECT_TRUE(Stop());
}

TEST_F(Agents, LeaveNothingRunningWhenTheirTokenIsRefused) {
  AgentOptions options = Options();
  options.access.token = "wrong";
  Start(options);
  const Status ended = Join();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::kDenied);
  EXPECT_EQ(Running(), 0u);
}

// As by a coordinator that came back from another release and speaks another protocol.
TEST_F(Agents, StopAndKeepWhatTheyCouldNotTellWhereTheirReportsAreRefused) {
  coordinator_.Desire(Training(kFirst, FakeMode::kSteps, 900));
  Start();
  ASSERT_TRUE(WaitUntil([&] { return coordinator_.LinesOf(kFirst).size() >= 2; }));
  coordinator_.AnswerWith(grpc::StatusCode::INVALID_ARGUMENT);
  const Status ended = Join();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(Running(), 0u);
  EXPECT_TRUE(fs::exists(Options().work_folder / "attempts/7/spool"));
}

TEST_F(Agents, KillAtOnceWhenTheyAreTold) {
  coordinator_.Desire(Training(kFirst, FakeMode::kStubborn));
  Start();
  ASSERT_TRUE(WaitUntil([&] { return Running() == 1; }));
  thread_.request_stop();
  agent_->Kill();
  EXPECT_TRUE(Join());
  EXPECT_EQ(Running(), 0u);
  EXPECT_EQ(FailureOf(kFirst).kind, FailureClass::kStopped);
}

TEST_F(Agents, TellWhatAnEarlierLifeCouldNot) {
  coordinator_.Desire(Training(kFirst, FakeMode::kSteps, 20));
  AgentOptions options = Options();
  options.give_up_ms = 3'000;
  Start(options);
  ASSERT_TRUE(WaitUntil([&] { return coordinator_.LinesOf(kFirst).size() >= 2; }));
  coordinator_.AnswerWith(grpc::StatusCode::UNAVAILABLE);
  const Status ended = Join();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::kUnavailable) << ended.error().message;
  EXPECT_TRUE(HasFinalLine(kFirst)) << "it was told, but never answered";
  const WorkerId first = coordinator_.Registrations().front().worker;

  coordinator_.ForgetLines();
  coordinator_.Withdraw(kFirst);
  coordinator_.AnswerWith(grpc::StatusCode::OK);
  Start();
  ASSERT_TRUE(WaitUntil([&] { return coordinator_.Registrations().size() == 2; }));
  ASSERT_TRUE(HasFinalLine(kFirst)) << "it is told before the new life registers";
  EXPECT_TRUE(coordinator_.UseOf(kFirst));
  EXPECT_TRUE(std::holds_alternative<TrainedLine>(coordinator_.LinesOf(kFirst).rbegin()->second));
  EXPECT_EQ(coordinator_.Registrations()[1].dead_workers, std::vector<WorkerId>{first});
  EXPECT_FALSE(fs::exists(options.work_folder / "attempts/7/spool"));
  EXPECT_TRUE(Stop());
}

TEST_F(Agents, TellWhatARunningAttemptUses) {
  constexpr int64_t kFilledBytes = int64_t{64} << 20;
  AgentOptions options = Options();
  options.gpu_slots = 1;
  options.sample_ms = 20;
  options.nvml_library = kFakeNvml;
  coordinator_.Desire(Training(kFirst, FakeMode::kBurn, 64, options.cpu_slots));
  Start(options);
  EXPECT_TRUE(WaitUntil([&] {
    const auto use = coordinator_.UseOf(kFirst);
    return use && use->cpu_ms >= 150 && use->memory_bytes >= kFilledBytes && use->device;
  }));
  EXPECT_EQ(coordinator_.Registrations()[0].device_bytes, std::vector<int64_t>{int64_t{80} << 30});
  const ResourceUse running = coordinator_.UseOf(kFirst).value_or(ResourceUse{});
  EXPECT_EQ(running.device.value_or(DeviceUse{}), (DeviceUse{.memory_bytes = int64_t{3} << 30,
                                                             .memory_peak_bytes = int64_t{3} << 30,
                                                             .busy = 0.25}));
  coordinator_.AskStop(kFirst);
  ASSERT_TRUE(WaitUntil([&] { return HasFinalLine(kFirst); }));
  const ResourceUse ended = *coordinator_.UseOf(kFirst);
  EXPECT_GE(ended.wall_ms, running.wall_ms);
  EXPECT_GE(ended.cpu_ms, running.cpu_ms);
  EXPECT_GE(ended.memory_peak_bytes, running.memory_peak_bytes);
  EXPECT_TRUE(Stop());
}

TEST_F(Agents, TellWhatAShortAttemptHasUsed) {
  coordinator_.Desire(Training(kFirst, FakeMode::kFinish));
  Start();
  ASSERT_TRUE(WaitUntil([&] { return HasFinalLine(kFirst); }));
  const auto use = coordinator_.UseOf(kFirst);
  ASSERT_TRUE(use);
  EXPECT_GT(use->memory_peak_bytes, int64_t{1} << 20);
  EXPECT_FALSE(use->device);
  EXPECT_TRUE(Stop());
}

TEST_F(Agents, FollowACoordinatorThatMoves) {
  ScriptedCoordinator other;
  AgentOptions options = Options();
  options.access_file = folder_.Path() / "access/worker.json";
  ASSERT_TRUE(WriteAccess(options.access_file, options.access));
  coordinator_.Desire(Training(kFirst, FakeMode::kHang));
  other.Desire(Training(kFirst, FakeMode::kHang));
  Start(options);
  ASSERT_TRUE(WaitUntil([&] { return Running() == 1; }));
  Access moved = options.access;
  moved.addresses = {other.Address()};
  ASSERT_TRUE(WriteAccess(options.access_file, moved));
  coordinator_.AnswerWith(grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(WaitUntil([&] { return other.Reports() > 0; }));
  EXPECT_EQ(Running(), 1u) << "the attempt went on";
  EXPECT_TRUE(Stop());
  EXPECT_TRUE(other.HasLeft());
}

TEST_F(Agents, LeaveBeforeTheirTimeIsOver) {
  coordinator_.Desire(Training(kFirst, FakeMode::kSteps, 900));
  AgentOptions options = Options();
  options.time_limit_ms = 6'000;
  const int64_t start_ms = NowMs();
  Start(options);
  EXPECT_TRUE(Join());
  EXPECT_LT(NowMs() - start_ms, options.time_limit_ms);
  EXPECT_TRUE(coordinator_.HasLeft());
  EXPECT_EQ(FailureOf(kFirst).kind, FailureClass::kStopped);
}

TEST(Agent, NeedsAtLeastOneSlot) {
  const TemporaryFolder folder;
  const auto agent = Agent::Open({.work_folder = folder.Path(), .cpu_slots = 0});
  ASSERT_FALSE(agent);
  EXPECT_EQ(agent.error().kind, ErrorKind::kInvalidInput);
}

}  // namespace
}  // namespace archsweep
