#include <gtest/gtest.h>
#include <signal.h>

#include <optional>
#include <random>

#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/background_command.h"
#include "tests/cli/command.h"

namespace archsweep {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kKills = 20;

// The quickstart sweep with real trainers, of which a random process is killed twenty times.
TEST(Quickstart, HasEightResultsAfterTwentyKills) {
  const TemporaryFolder folder;
  const std::string state = (folder.Path() / "state").string();
  const std::vector<std::string> command = {
      std::string(ARCHSWEEP_PROGRAM_DIR) + "/archsweep", "run",
      std::string(ARCHSWEEP_SOURCE_DIR) + "/examples/quickstart.yaml", "--state", state};
  const auto query = [&](const std::string& sql) {
    const CommandResult result = RunArchsweep({"query", sql, "--state", state, "--format", "csv"});
    const std::vector<std::string> lines = Split(result.out, '\n');
    return lines.size() > 1 ? lines[1] : result.err;
  };
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(Format("seed {}", seed));
  std::mt19937 random(seed);
  std::optional<BackgroundCommand> run;
  const auto start = [&] { run.emplace(command, folder.Path() / "output"); };
  start();
  for (int kills = 0; kills < kKills; ++kills) {
    // A sweep that is finished is started too: nothing of it may be done again.
    if (run->Wait(milliseconds(500 + random() % 6'000))) start();
    std::vector<pid_t> candidates = ChildrenOf(run->Pid());
    candidates.push_back(run->Pid());
    const pid_t victim = candidates[random() % candidates.size()];
    kill(victim, SIGKILL);
    if (victim != run->Pid()) continue;
    run->Wait(seconds(5));
    start();
  }
  ASSERT_EQ(run->Wait(minutes(10)), 0) << run->Output();
  EXPECT_EQ(query("select count(*) from v_result"), "8");
  EXPECT_EQ(query("select count(*) from result"), "16");
  EXPECT_EQ(query("select max(n) from (select count(*) as n from attempt where state = 'succeeded' "
                  "group by task)"),
            "1");
  EXPECT_EQ(query("select count(*) from v_result where clean_last <= 0.15"), "0");
  const CommandResult check = RunArchsweep({"check", "--state", state});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

}  // namespace
}  // namespace archsweep
