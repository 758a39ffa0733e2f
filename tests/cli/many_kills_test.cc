#include "tests/cli/kill_fixture.h"

namespace archsweep {
namespace {

TEST_F(KillTest, LosesAndRepeatsNothingInTwoHundredKills) {
  ExpectSurvives({.kills = 200, .steps = 20});
}

TEST_F(KillTest, LosesAndRepeatsNothingInTwoHundredKillsOfACluster) {
  ExpectSurvives({.kills = 200, .steps = 20, .cluster = true});
}

TEST_F(KillTest, LosesAndRepeatsNothingInTwoHundredKillsOfAClusterWithGangs) {
  ExpectSurvives({.ranks = 2,
                  .slots = 4,
                  .kills = 200,
                  .steps = 40,
                  .longest_wait_ms = 1'000,
                  .cluster = true});
}

TEST_F(KillTest, LosesAndRepeatsNothingInTwoHundredKillsOfGangs) {
  ExpectSurvives({.ranks = 2, .slots = 4, .kills = 200, .steps = 40, .longest_wait_ms = 1'000});
}

}  // namespace
}  // namespace archsweep
