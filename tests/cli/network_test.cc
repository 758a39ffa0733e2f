#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <random>
#include <set>

#include "tests/cli/namespaces.h"
#include "tests/cli/run_fixture.h"

namespace archsweep {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kTrials = 100;
constexpr int kFaults = 20;
constexpr int kLongestFaultMs = 8'000;  // Well below the lease of a worker, 60 s.
constexpr int kLongestQuietMs = 2'000;
constexpr milliseconds kBeyondLease = seconds(75);

// A coordinator on host 0 and workers on hosts 1 and 2, and what goes wrong between them.
class NetworkTest : public RunTest {
 protected:
  ~NetworkTest() override { unsetenv("ARCHSWEEP_FAKE_RUNS"); }

  void SetUp() override {
    if (const auto why = Namespaces::WhyNot()) GTEST_SKIP() << *why;
    hosts_.emplace(3);
    if (HasFatalFailure()) return;
    TrainersBehave("steps:60");
    setenv("ARCHSWEEP_FAKE_RUNS", Executions().c_str(), 1);
    std::string seeds = "[0";
    for (int seed = 1; seed < kTrials; ++seed) seeds += Format(", {}", seed);
    WriteSweep(seeds + "]", "[clean]");
    Begin();
  }

  void Begin() {
    coordinator_ = On(0, {"coordinator", "--state", State(), "--shared", Shared(), "--listen",
                          Namespaces::AddressOf(0) + ":0"});
    ASSERT_TRUE(WaitUntil(
        [&] {
          return RunCommand(
                     hosts_->On(0, {Program("archsweep"), "submit", Sweep(), "--shared", Shared()}))
                     .exit_code == 0;
        },
        seconds(30)))
        << coordinator_->Output();
    for (int host = 1; host <= 2; ++host) {
      workers_.push_back(
          On(host,
             {"worker", "--shared", Shared(), "--work", folder_.Path() / Format("work-{}", host),
              "--data-root", std::string(ARCHSWEEP_SOURCE_DIR) + "/examples/data", "--slots", "1",
              "--gpus", "0", "--grace", "5s", "--trainer", Program("archsweep-fake-trainer")}));
    }
    ASSERT_TRUE(WaitUntil([&] { return Running() == 2; }, seconds(30))) << Said();
  }

  // One kind of fault at random, for `length`.
  void Fault(unsigned kind, milliseconds length) {
    const int host = static_cast<int>(kind % 3);
    const int worker = 1 + static_cast<int>(kind % 2);
    switch (kind / 6 % 3) {
      case 0:  // Of the coordinator: both workers are alone.
        hosts_->Unplug(host);
        poll(nullptr, 0, static_cast<int>(length.count()));
        hosts_->Plug(host);
        break;
      case 1:  // The worker hears what it is told, and cannot answer.
        During(worker, 0, length);
        break;
      case 2:  // The worker is heard, and hears nothing.
        During(0, worker, length);
        break;
    }
  }
  void During(int from, int to, milliseconds length) {
    hosts_->CutOneWay(from, to);
    poll(nullptr, 0, static_cast<int>(length.count()));
    hosts_->HealOneWay(from, to);
  }

  int Number(const std::string& sql) const { return std::atoi(Query(sql).c_str()); }
  int Running() const { return Number("select count(*) from attempt where state = 'running'"); }
  int Lost() const { return Number("select count(*) from attempt where failure = 'lost'"); }
  int Results() const { return Number("select count(*) from result"); }

  void ExpectEverythingOnce() const {
    EXPECT_EQ(Number("select count(*) from attempt where state = 'succeeded'"), 2 * kTrials);
    // Attempts that were given in advance and could not begin are taken back.
    EXPECT_EQ(Query("select group_concat(distinct failure || ': ' || message) from attempt "
                    "where failure not in ('lost', 'stopped')"),
              "");
    std::ifstream file(Executions());
    std::set<std::string> tokens;
    for (std::string token; file >> token;) {
      EXPECT_TRUE(tokens.insert(token).second) << "attempt " << token << " was executed twice";
    }
    EXPECT_LE(static_cast<int>(tokens.size()), Number("select count(*) from attempt"));
  }
  void ExpectEndsWell() {
    for (const auto& worker : workers_) {
      worker->Signal(SIGTERM);
      EXPECT_EQ(worker->Wait(seconds(20)), 0) << worker->Output();
    }
    coordinator_->Signal(SIGTERM);
    EXPECT_EQ(coordinator_->Wait(seconds(20)), 0) << coordinator_->Output();
    const CommandResult check = RunArchsweep({"check", "--state", State(), "--shared", Shared()});
    EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
  }
  std::string Said() const {
    std::string said = coordinator_->Output();
    for (const auto& worker : workers_) said += "\n" + worker->Output();
    return said;
  }

  std::optional<Namespaces> hosts_;
  std::unique_ptr<BackgroundCommand> coordinator_;
  std::vector<std::unique_ptr<BackgroundCommand>> workers_;

 private:
  static std::string Program(const std::string& name) {
    return std::string(ARCHSWEEP_PROGRAM_DIR) + "/" + name;
  }
  std::unique_ptr<BackgroundCommand> On(int host, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), Program("archsweep"));
    return std::make_unique<BackgroundCommand>(hosts_->On(host, arguments),
                                               folder_.Path() / Format("output-{}", host));
  }
  std::string Shared() const { return folder_.Path() / "shared"; }
  std::string Executions() const { return folder_.Path() / "executions"; }
};

TEST_F(NetworkTest, LosesNothingInTwentyFaultsShorterThanTheLease) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(Format("seed {}", seed));
  std::mt19937 random(seed);
  int results = 0;
  for (int fault = 0; fault < kFaults; ++fault) {
    ASSERT_LT(Results(), kTrials) << "done after only " << fault << " faults";
    poll(nullptr, 0, static_cast<int>(random() % kLongestQuietMs));
    Fault(random() % 18, milliseconds(random() % kLongestFaultMs));
    const int now = Results();
    EXPECT_GE(now, results) << "an acknowledged result is gone";
    results = now;
  }
  ASSERT_TRUE(WaitUntil([&] { return Results() == kTrials; }, minutes(5))) << Said();
  EXPECT_EQ(Lost(), 0) << Said();
  ExpectEverythingOnce();
  ExpectEndsWell();
}

// What it has done meanwhile is refused, since another has got it: each result is there once.
TEST_F(NetworkTest, RefusesAWorkerThatComesBackAfterItsLease) {
  hosts_->CutOneWay(1, 0);
  EXPECT_TRUE(WaitUntil([&] { return Lost() > 0; }, kBeyondLease)) << Said();
  hosts_->HealOneWay(1, 0);
  EXPECT_LE(Lost(), 2) << "what ran, and what waited in advance";
  EXPECT_TRUE(WaitUntil([&] { return Running() == 2; }, seconds(60))) << Said();
  EXPECT_NE(workers_[0]->Output().find("it begins anew"), std::string::npos) << Said();
  ASSERT_TRUE(WaitUntil([&] { return Results() == kTrials; }, minutes(5))) << Said();
  ExpectEverythingOnce();
  ExpectEndsWell();
}

}  // namespace
}  // namespace archsweep
