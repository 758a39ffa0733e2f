#include "tests/cli/kill_fixture.h"

namespace archsweep {
namespace {

TEST_F(KillTest, LosesAndRepeatsNothingInTwentyKills) { ExpectSurvives({}); }

TEST_F(KillTest, LosesAndRepeatsNothingInTwentyKillsOfACluster) {
  ExpectSurvives({.cluster = true});
}

TEST_F(KillTest, LosesAndRepeatsNothingWhereTasksHaveSeveralProcesses) {
  ExpectSurvives({.trials = 10, .ranks = 2, .slots = 4, .kills = 6, .longest_wait_ms = 400});
}

}  // namespace
}  // namespace archsweep
