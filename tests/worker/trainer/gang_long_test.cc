#include <gtest/gtest.h>

#include <chrono>

#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/command.h"
#include "tests/worker/trainer/gang.h"

namespace archsweep {
namespace {

// Ranks with one batch-norm group of 64 CIFAR-sized images each, against one process with the whole
// batch: 20 steps in double precision, and single steps from 20 states in single precision.
class OfficialGroups : public testing::TestWithParam<int> {
 protected:
  void ExpectThatRankZeroProves(const std::string& what) {
    const TemporaryFolder folder;
    const auto command = GangCommand(GetParam(), folder.Path(), "archsweep-gang-probe",
                                     {Format("{}", GetParam()), what});
    if (command.empty()) GTEST_SKIP() << kNoGang;
    const CommandResult result = RunCommand(command, {.timeout = std::chrono::minutes(14)});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    RecordProperty("outcome", result.err);
  }
};

TEST_P(OfficialGroups, TrainAsOneProcess) { ExpectThatRankZeroProves("official-double"); }
TEST_P(OfficialGroups, TakeTheStepOfOneProcess) { ExpectThatRankZeroProves("official-float"); }

INSTANTIATE_TEST_SUITE_P(OfRanks, OfficialGroups, testing::Values(2, 4));

}  // namespace
}  // namespace archsweep
