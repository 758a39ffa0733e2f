#include "proto/convert.h"

#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"

namespace archsweep {
namespace {

using fleet::v1::RegisterRequest;
using fleet::v1::SynchronizeRequest;
using fleet::v1::SynchronizeResponse;

TrialSpec SomeTrial() {
  return {.dataset = {"cifar10", ""},
          .architecture = {.depth = {4, 4, 4}, .width = {10, 10, 10}},
          .training = {.epochs = 3, .learning_rate = 0.1},
          .numerics = {},
          .seed = 18'446'744'073'709'551'615u};
}

WorkerDescription SomeDescription() {
  return {.worker = IdOfText<WorkerId>("worker"),
          .host = "node-7",
          .cpu_slots = 2,
          .gpu_slots = 1,
          .dead_workers = {IdOfText<WorkerId>("first life"), IdOfText<WorkerId>("second life")},
          .version = "0.1.0 (abc)"};
}

ResourceUse SomeUse() {
  return {.wall_ms = 5,
          .cpu_ms = 9,
          .memory_bytes = 3,
          .memory_peak_bytes = 4,
          .device = DeviceUse{.memory_bytes = 7, .memory_peak_bytes = 8, .busy = 0}};
}

WorkerReport SomeReport() {
  const ProgressLine started = StartedLine{"1.0", "torch", "processor", 1, 0};
  const ProgressLine evaluated =
      EvaluatedLine{.images = 10, .correct = 3, .loss = 1.5, .seconds = 2, .flags_file = "flags"};
  return {.worker = IdOfText<WorkerId>("worker"),
          .attempts = {{Token{7}, {{1, started, ""}, {4, evaluated, std::string("\x07\0", 2)}}},
                       {Token{9}, {}, SomeUse()}},
          .hold_ms = 0,
          .leaving = true};
}

WorkerOrders SomeOrders() {
  const TrialSpec trial = SomeTrial();
  const AttemptOrder training{.token = Token{3},
                              .trial = trial,
                              .evaluation = {},
                              .weights = {},
                              .slots = {0},
                              .stop = true};
  const AttemptOrder evaluation{
      .token = Token{4},
      .trial = trial,
      .evaluation = EvaluationSpec{IdOf(trial), AttackKind::kPgd20, 100},
      .weights = CheckpointRef{"/shared/checkpoints/t/3/step-9", std::string(64, 'a')},
      .slots = {1, 5}};
  return {.attempts = {training, evaluation}, .next_call_ms = 2'000};
}

TEST(Convert, CarriesADescriptionBothWays) {
  const WorkerDescription sent = SomeDescription();
  const auto received = FromWire(ToWire(sent));
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->worker, sent.worker);
  EXPECT_EQ(received->host, sent.host);
  EXPECT_EQ(received->cpu_slots, sent.cpu_slots);
  EXPECT_EQ(received->gpu_slots, sent.gpu_slots);
  EXPECT_EQ(received->dead_workers, sent.dead_workers);
  EXPECT_EQ(received->version, sent.version);
}

TEST(Convert, RefusesAnotherProtocolWhateverElseIsSaid) {
  RegisterRequest request = ToWire(SomeDescription());
  request.set_protocol(kFleetProtocol + 1);
  request.clear_worker_id();
  const auto description = FromWire(request);
  ASSERT_FALSE(description);
  EXPECT_EQ(description.error().kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(description.error().message,
            Format("protocol: this worker speaks {} and the coordinator {}; start both from the "
                   "same release of archsweep",
                   kFleetProtocol + 1, kFleetProtocol));
  SynchronizeRequest other = ToWire(SomeReport());
  other.clear_protocol();
  const auto report = FromWire(other);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kDenied) << "its lines are not to be thrown away";
  EXPECT_TRUE(report.error().message.starts_with("protocol: this worker speaks 0 and"))
      << report.error().message;
}

TEST(Convert, CarriesAReportBothWays) {
  const WorkerReport sent = SomeReport();
  const auto received = FromWire(ToWire(sent));
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->worker, sent.worker);
  EXPECT_TRUE(received->leaving);
  ASSERT_EQ(received->attempts.size(), 2u);
  EXPECT_EQ(received->attempts[0].token, Token{7});
  EXPECT_EQ(received->attempts[1].token, Token{9});
  EXPECT_TRUE(received->attempts[1].lines.empty());
  EXPECT_FALSE(received->attempts[0].use);
  EXPECT_EQ(received->attempts[1].use, SomeUse());
  const std::vector<NumberedLine>& lines = received->attempts[0].lines;
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].number, 1);
  EXPECT_EQ(lines[0].line, sent.attempts[0].lines[0].line);
  EXPECT_EQ(lines[1].number, 4);
  EXPECT_EQ(lines[1].line, sent.attempts[0].lines[1].line);
  EXPECT_EQ(lines[1].flags, std::string("\x07\0", 2));
}

TEST(Convert, CarriesOrdersBothWays) {
  const WorkerOrders sent = SomeOrders();
  const auto received = FromWire(ToWire(sent));
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->next_call_ms, 2'000);
  ASSERT_EQ(received->attempts.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(received->attempts[i].token, sent.attempts[i].token);
    EXPECT_EQ(received->attempts[i].trial, sent.attempts[i].trial);
    EXPECT_EQ(received->attempts[i].evaluation, sent.attempts[i].evaluation);
    EXPECT_EQ(received->attempts[i].weights, sent.attempts[i].weights);
    EXPECT_EQ(received->attempts[i].slots, sent.attempts[i].slots);
    EXPECT_EQ(received->attempts[i].stop, sent.attempts[i].stop);
  }
}

TEST(Convert, CarriesOnlyTheStopOfWhatIsKnown) {
  WorkerOrders sent = SomeOrders();
  sent.attempts[0].known = true;
  const auto wire = ToWire(sent);
  EXPECT_TRUE(wire.attempts(0).trial_json().empty());
  const auto received = FromWire(wire);
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_TRUE(received->attempts[0].known);
  EXPECT_TRUE(received->attempts[0].stop);
  EXPECT_EQ(received->attempts[0].token, sent.attempts[0].token);
  EXPECT_FALSE(received->attempts[1].known);
}

TEST(Convert, CarriesNumbersThatAreNone) {
  WorkerReport report = SomeReport();
  report.attempts[0].lines = {{1, EpochLine{.epoch = 1, .loss = std::nan("")}, ""}};
  const auto received = FromWire(ToWire(report));
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_TRUE(std::isnan(std::get<EpochLine>(received->attempts[0].lines[0].line).loss));
}

// A message that is right but for one change, and what the error must begin with.
template <class Wire>
struct Violation {
  std::string message_begins;
  std::function<void(Wire&)> change;
};

template <class Wire>
void ExpectRefused(const Wire& good, const std::vector<Violation<Wire>>& violations) {
  ASSERT_TRUE(FromWire(good)) << FromWire(good).error().message;
  for (const Violation<Wire>& violation : violations) {
    Wire wire = good;
    violation.change(wire);
    const auto result = FromWire(wire);
    ASSERT_FALSE(result) << "accepted, but expected: " << violation.message_begins;
    EXPECT_EQ(result.error().kind, ErrorKind::kInvalidInput);
    EXPECT_TRUE(result.error().message.starts_with(violation.message_begins))
        << result.error().message << "\nexpected: " << violation.message_begins;
  }
}

TEST(Convert, RefusesAnImpossibleDescription) {
  ExpectRefused<RegisterRequest>(
      ToWire(SomeDescription()),
      {
          {"worker_id: has 0 bytes", [](auto& wire) { wire.clear_worker_id(); }},
          {"worker_id: has 17 bytes", [](auto& wire) { wire.set_worker_id(std::string(17, 'x')); }},
          {"host: has 256 bytes", [](auto& wire) { wire.set_host(std::string(256, 'h')); }},
          {"cpu_slots: is -1", [](auto& wire) { wire.set_cpu_slots(-1); }},
          {"gpu_slots: is 1025", [](auto& wire) { wire.set_gpu_slots(1025); }},
          {"cpu_slots + gpu_slots: is 1026", [](auto& wire) { wire.set_gpu_slots(1024); }},
          {"cpu_slots + gpu_slots: is 0",
           [](auto& wire) {
             wire.clear_cpu_slots();
             wire.clear_gpu_slots();
           }},
          {"dead_worker_ids[1]: has 3", [](auto& wire) { wire.set_dead_worker_ids(1, "abc"); }},
          {"dead_worker_ids[0]: is worker_id",
           [](auto& wire) { wire.set_dead_worker_ids(0, wire.worker_id()); }},
          {"host: must be of printable", [](auto& wire) { wire.set_host("a\nb"); }},
          {"version: is missing", [](auto& wire) { wire.clear_version(); }},
          {"version: has 101 bytes", [](auto& wire) { wire.set_version(std::string(101, '1')); }},
          {"version: must be of printable", [](auto& wire) { wire.set_version("1\n2"); }},
      });
}

TEST(Convert, RefusesAnImpossibleReport) {
  const auto line = [](SynchronizeRequest& wire, int i) {
    return wire.mutable_attempts(0)->mutable_lines(i);
  };
  const auto use = [](SynchronizeRequest& wire) { return wire.mutable_attempts(1)->mutable_use(); };
  ExpectRefused<SynchronizeRequest>(
      ToWire(SomeReport()),
      {
          {"worker_id: has 1 bytes", [](auto& wire) { wire.set_worker_id("x"); }},
          {"hold_ms: is -1", [](auto& wire) { wire.set_hold_ms(-1); }},
          {"hold_ms: is 20001", [](auto& wire) { wire.set_hold_ms(kHoldMsMax + 1); }},
          {"attempts[0].token: is 0", [](auto& wire) { wire.mutable_attempts(0)->clear_token(); }},
          {"attempts[1].token: 7 occurs twice",
           [](auto& wire) { wire.mutable_attempts(1)->set_token(7); }},
          {"attempts[0].lines[0].number: is 0", [&](auto& wire) { line(wire, 0)->set_number(0); }},
          {"attempts[0].lines[1].number: is 1 after 1",
           [&](auto& wire) { line(wire, 1)->set_number(1); }},
          {"attempts[0].lines[0].line: ", [&](auto& wire) { line(wire, 0)->set_line("{}"); }},
          {"attempts[0].lines[0].line: progress line of 16385",
           [&](auto& wire) { line(wire, 0)->set_line(std::string(16'385, ' ')); }},
          {"attempts[0].lines[0].flags: has 1 bytes",
           [&](auto& wire) { line(wire, 0)->set_flags("x"); }},
          {"attempts[0].lines[1].flags: has 1 bytes",
           [&](auto& wire) { line(wire, 1)->set_flags("x"); }},
          {"attempts[0].lines[1].flags: has 1048577",
           [&](auto& wire) { line(wire, 1)->set_flags(std::string(kFlagsBytesMax + 1, 'x')); }},
          {"attempts[1].use: wall_ms is -1", [&](auto& wire) { use(wire)->set_wall_ms(-1); }},
          {"attempts[1].use: cpu_ms is ", [&](auto& wire) { use(wire)->set_cpu_ms(INT64_MAX); }},
          {"attempts[1].use: memory_bytes is 5",
           [&](auto& wire) { use(wire)->set_memory_bytes(5); }},
          {"attempts[1].use: memory_peak_bytes is ",
           [&](auto& wire) { use(wire)->set_memory_peak_bytes(int64_t{1} << 60); }},
          {"attempts[1].use: device.memory_peak_bytes is -8",
           [&](auto& wire) { use(wire)->mutable_device()->set_memory_peak_bytes(-8); }},
          {"attempts[1].use: device.busy is nan",
           [&](auto& wire) { use(wire)->mutable_device()->set_busy(std::nan("")); }},
          {"attempts[1].lines: is 10001",
           [&](auto& wire) {
             for (size_t i = 0; i <= kLinesPerReportMax; ++i) {
               *wire.mutable_attempts(1)->add_lines() = wire.attempts(0).lines(0);
             }
           }},
      });
}

TEST(Convert, RefusesFlagsForANumberOfImagesThatCannotBe) {
  for (const int64_t images : {int64_t{-10}, INT64_MIN, INT64_MAX, INT64_MAX - 7}) {
    WorkerReport report = SomeReport();
    std::get<EvaluatedLine>(report.attempts[0].lines[1].line).images = images;
    EXPECT_FALSE(FromWire(ToWire(report))) << images;
  }
}

TEST(Convert, RefusesImpossibleOrders) {
  const auto attempt = [](SynchronizeResponse& wire, int i) { return wire.mutable_attempts(i); };
  ExpectRefused<SynchronizeResponse>(
      ToWire(SomeOrders()),
      {
          {"next_call_ms: is -1", [](auto& wire) { wire.set_next_call_ms(-1); }},
          {"next_call_ms: is 60001", [](auto& wire) { wire.set_next_call_ms(60'001); }},
          {"attempts[0].token: is -2", [&](auto& wire) { attempt(wire, 0)->set_token(-2); }},
          {"attempts[1].token: 3 occurs", [&](auto& wire) { attempt(wire, 1)->set_token(3); }},
          {"attempts[0].trial_json: ", [&](auto& wire) { attempt(wire, 0)->set_trial_json("{"); }},
          {"attempts[0].trial_json: trial configuration",
           [&](auto& wire) { attempt(wire, 0)->set_trial_json("{}"); }},
          {"attempts[0].trial_json: has 1048577",
           [&](auto& wire) { attempt(wire, 0)->set_trial_json(std::string(1'048'577, ' ')); }},
          {"attempts[1].evaluation_json: evaluation configuration",
           [&](auto& wire) { attempt(wire, 1)->set_evaluation_json("[]"); }},
          {"attempts[1].evaluation_json: is of trial",
           [&](auto& wire) {
             TrialSpec other = SomeTrial();
             other.seed = 1;
             attempt(wire, 1)->set_trial_json(ToJson(other).dump());
           }},
          {"attempts[1].weights_folder: is missing",
           [&](auto& wire) { attempt(wire, 1)->clear_weights_folder(); }},
          {"attempts[1].weights_folder: has 4097",
           [&](auto& wire) { attempt(wire, 1)->set_weights_folder(std::string(4'097, '/')); }},
          {"attempts[1].weights_sha256: must be",
           [&](auto& wire) { attempt(wire, 1)->set_weights_sha256(std::string(64, 'g')); }},
          {"attempts[0].weights_folder: is given for a training",
           [&](auto& wire) { attempt(wire, 0)->set_weights_folder("/x"); }},
          {"attempts[0].slots: is empty", [&](auto& wire) { attempt(wire, 0)->clear_slots(); }},
          {"attempts[0].slots: is 1024", [&](auto& wire) { attempt(wire, 0)->set_slots(0, 1024); }},
          {"attempts[0].slots: is -1", [&](auto& wire) { attempt(wire, 0)->set_slots(0, -1); }},
          {"attempts[1].slots: 1 occurs", [&](auto& wire) { attempt(wire, 1)->set_slots(1, 1); }},
      });
}

// Whatever bytes come, they are refused with a message or mean something that can be said again.
template <class Wire>
void ExpectNoSurprise(const std::string& bytes, int64_t& accepted) {
  Wire wire;
  if (!wire.ParseFromString(bytes)) return;
  const auto result = FromWire(wire);
  if (!result) {
    EXPECT_FALSE(result.error().message.empty());
    return;
  }
  ++accepted;
  const auto again = FromWire(ToWire(*result));
  EXPECT_TRUE(again) << again.error().message;
}

template <class Wire>
void MutateRandomly(const Wire& good) {
  const google::protobuf::LogSilencer silencer;  // It complains of text that is not UTF-8.
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(Format("seed {}", seed));
  std::mt19937 random(seed);
  const std::string bytes = good.SerializeAsString();
  const auto below = [&](size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(random);
  };
  constexpr int kRounds = 3'000;
  int64_t accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::string mutant = bytes;
    for (size_t change = 0; change <= below(4); ++change) {
      switch (below(4)) {
        case 0:
          mutant[below(mutant.size())] ^= static_cast<char>(1u << below(8));
          break;
        case 1:
          mutant[below(mutant.size())] = static_cast<char>(below(256));
          break;
        case 2:
          mutant.insert(below(mutant.size()), 1, static_cast<char>(below(256)));
          break;
        case 3:
          mutant.resize(1 + below(mutant.size()));
          break;
      }
    }
    ExpectNoSurprise<Wire>(mutant, accepted);
  }
  EXPECT_LT(accepted, kRounds);
}

TEST(Convert, SurvivesRandomDamageToADescription) { MutateRandomly(ToWire(SomeDescription())); }
TEST(Convert, SurvivesRandomDamageToAReport) { MutateRandomly(ToWire(SomeReport())); }
TEST(Convert, SurvivesRandomDamageToOrders) { MutateRandomly(ToWire(SomeOrders())); }

}  // namespace
}  // namespace archsweep
