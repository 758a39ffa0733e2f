#include "tests/cli/kill_fixture.h"

#include <signal.h>

#include <algorithm>

namespace archsweep {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::string SeedList(int count) {
  std::string list = "[0";
  for (int seed = 1; seed < count; ++seed) list += Format(", {}", seed);
  return list + "]";
}

}  // namespace

void KillTest::ExpectSurvives(const KillPlan& plan) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(Format("seed {}", seed));
  std::mt19937 random(seed);
  Prepare(plan);
  const std::unique_ptr<SweepPrograms> programs = Programs(plan);
  KillAll(plan, *programs, random);
  if (HasFatalFailure()) return;
  ExpectAllSlotsInUse(plan, *programs);
  ASSERT_TRUE(WaitUntil(
      [&] {
        programs->StartMissing();
        return programs->AreDone();
      },
      minutes(5)))
      << programs->Output();
  ExpectResults(plan);
  ExpectExplainedExecutions();
  ExpectNothingLeft(plan, *programs);
}

void KillTest::Prepare(const KillPlan& plan) {
  TrainersBehave(Format("steps:{}", plan.steps));
  setenv("ARCHSWEEP_FAKE_RUNS", Executions().c_str(), 1);
  WriteSweep(SeedList(plan.trials), "[clean]", "", plan.ranks);
}

std::unique_ptr<SweepPrograms> KillTest::Programs(const KillPlan& plan) const {
  if (plan.cluster) return std::make_unique<ClusterPrograms>(folder_.Path(), plan.slots / 2);
  std::vector<std::string> command = RunArguments();
  *(std::ranges::find(command, "--slots") + 1) = std::to_string(plan.slots);
  command.insert(command.begin(), std::string(ARCHSWEEP_PROGRAM_DIR) + "/archsweep");
  return std::make_unique<RunProgram>(std::move(command), plan.slots, folder_.Path());
}

// A kill of a trainer ends one attempt; that of an agent all that run, and those that wait in
// advance.
void KillTest::KillOne(SweepPrograms& programs, std::mt19937& random) {
  std::vector<Controller> candidates = programs.Controllers();
  if (const auto trainers = programs.Trainers(); !trainers.empty() && random() % 3 != 0) {
    candidates.assign(1, {trainers[random() % trainers.size()], 0});
    ++lost_max_;
  }
  if (candidates.empty()) return;
  const Controller& hit = candidates[random() % candidates.size()];
  kill(hit.process, SIGKILL);
  ++kills_;
  lost_max_ += 2 * hit.slots;
}

void KillTest::KillAll(const KillPlan& plan, SweepPrograms& programs, std::mt19937& random) {
  int results = 0;
  while (kills_ < plan.kills) {
    programs.StartMissing();
    ASSERT_FALSE(programs.AreDone())
        << "done after only " << kills_ << " kills: " << programs.Output();
    poll(nullptr, 0, static_cast<int>(random() % static_cast<unsigned>(plan.longest_wait_ms)));
    KillOne(programs, random);
    if (kills_ % 5 != 0) continue;
    const int now = std::atoi(Query("select count(*) from result").c_str());
    EXPECT_GE(now, results) << "an acknowledged result is gone";
    results = now;
  }
}

// A slot that a killed process kept would never run anything again.
void KillTest::ExpectAllSlotsInUse(const KillPlan& plan, SweepPrograms& programs) const {
  const std::string tasks = std::to_string(plan.slots / plan.ranks);
  EXPECT_TRUE(WaitUntil(
      [&] {
        programs.StartMissing();
        return programs.AreDone() ||
               Query("select count(*) from attempt where state = 'running'") == tasks;
      },
      seconds(30)))
      << programs.Output();
}

void KillTest::ExpectResults(const KillPlan& plan) const {
  EXPECT_EQ(Query("select count(*) from v_result"), std::to_string(plan.trials));
  EXPECT_EQ(Query("select count(*) from result"), std::to_string(plan.trials));
  EXPECT_EQ(Query("select count(*) from attempt where state = 'succeeded'"),
            std::to_string(2 * plan.trials));
  EXPECT_EQ(Query("select count(*) from attempt where state = 'failed' and failure <> 'lost'"), "0")
      << Query("select failure || ': ' || message from attempt where failure <> 'lost'");
  EXPECT_EQ(Query("select count(*) from attempt where ended_ms is null"), "0");
}

void KillTest::ExpectExplainedExecutions() const {
  EXPECT_LE(std::atoi(Query("select count(*) from attempt where failure = 'lost'").c_str()),
            lost_max_);
  std::ifstream file(Executions());
  std::set<std::string> tokens;
  for (std::string token; file >> token;) {
    EXPECT_TRUE(tokens.insert(token).second) << "attempt " << token << " was executed twice";
  }
  EXPECT_EQ(Query("select count(*) from attempt where state = 'succeeded' and token not in (" +
                  Join(std::vector<std::string>(tokens.begin(), tokens.end()), ", ") + ")"),
            "0");
  EXPECT_LE(static_cast<int>(tokens.size()),
            std::atoi(Query("select count(*) from attempt").c_str()))
      << "something was executed that nobody had recorded";
}

void KillTest::ExpectNothingLeft(const KillPlan& plan, SweepPrograms& programs) const {
  EXPECT_EQ(programs.Trainers(), std::vector<pid_t>());
  EXPECT_TRUE(programs.Stop()) << programs.Output();
  std::vector<std::string> check = {"check", "--state", State()};
  if (plan.cluster) {
    check.insert(check.end(), {"--shared", (folder_.Path() / "shared").string()});
  }
  const CommandResult checked = RunArchsweep(check);
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
}

}  // namespace archsweep
