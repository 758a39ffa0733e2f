#include "worker/trainer/collective.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "sweep/attempt/exit_code.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/command.h"
#include "tests/worker/trainer/gang.h"
#include "worker/trainer/rendezvous.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

// Failures of the expected class are told by their message.
template <class Function>
std::string FailureOf(FailureClass kind, const Function& function) {
  try {
    function();
  } catch (const TaskError& error) {
    EXPECT_EQ(error.failure.kind, kind) << error.failure.message;
    return error.failure.message;
  }
  ADD_FAILURE() << "it did not fail";
  return "";
}

TEST(Seats, AreSaidByMpirun) {
  const std::vector<std::string> environment = {"OMPI_COMM_WORLD_RANK=2", "OMPI_COMM_WORLD_SIZE=4",
                                                "PMIX_NAMESPACE=17"};
  const Seat seat = FindSeat(environment, 4);
  EXPECT_EQ(seat.rank, 2);
  EXPECT_EQ(seat.size, 4);
  EXPECT_EQ(seat.launch, "17");
  EXPECT_EQ(FindSeat(environment, 1).size, 1) << "a job of one rank looks at nothing";
}

TEST(Seats, OfAnotherNumberOfRanksAreRefused) {
  const std::vector<std::string> environment = {"OMPI_COMM_WORLD_RANK=2", "OMPI_COMM_WORLD_SIZE=4"};
  EXPECT_EQ(FailureOf(FailureClass::kConfiguration, [&] { FindSeat(environment, 2); }),
            "the job is for 2 ranks, but was started as 4: start it by mpirun -np 2");
  EXPECT_EQ(FailureOf(FailureClass::kConfiguration, [&] { FindSeat({}, 2); }),
            "the job is for 2 ranks, but was started as 1: start it by mpirun -np 2");
}

TEST(SingleProcess, ChangesNothing) {
  const auto single = OpenCollective({}, at::kCPU, {}, {});
  EXPECT_EQ(single->Size(), 1);
  const at::Tensor values = at::arange(5, at::kDouble);
  single->Broadcast(values, 0);
  single->SumInPlace(values)->Wait();
  EXPECT_TRUE(at::equal(values, at::arange(5, at::kDouble)));
  EXPECT_EQ(single->AllGatherBytes("me"), std::vector<std::string>{"me"});
  EXPECT_EQ(single->Max(-3), -3);
  EXPECT_FALSE(single->Any(false));
}

TEST(Rendezvous, WaitsForRankZeroOfTheSameStart) {
  const TemporaryFolder folder;
  const auto share = [&](int rank, const char* launch, int64_t wait_ms) {
    return ShareByFile({.rank = rank, .size = 2, .launch = launch}, folder.Path(), "id",
                       "the id of rank 0", wait_ms);
  };
  EXPECT_EQ(share(0, "1", 0), "the id of rank 0");
  EXPECT_EQ(share(1, "1", 10'000), "the id of rank 0");
  EXPECT_NE(FailureOf(FailureClass::kLost, [&] { share(1, "2", 20); }).find("did not come"),
            std::string::npos);
}

// Real processes under mpirun.
class Gangs : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (GangCommand(2, "", "", {}).empty()) GTEST_SKIP() << kNoGang;
  }

  CommandResult Run(int ranks, const std::string& what) {
    return RunCommand(
        GangCommand(ranks, folder_.Path(), "archsweep-gang-probe", {Format("{}", ranks), what}),
        {.timeout = std::chrono::seconds(50)});
  }

  // Every rank checks for itself and says so in the end.
  void ExpectThatAllRanksProve(const std::string& what) {
    const CommandResult result = Run(GetParam(), what);
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    EXPECT_EQ(std::ranges::count(result.out, '\n'), GetParam()) << result.out;
  }

  const TemporaryFolder folder_;
};

TEST_P(Gangs, SumAsOneProcessWould) { ExpectThatAllRanksProve("sums"); }
TEST_P(Gangs, ExchangeTensorsAndBytes) { ExpectThatAllRanksProve("exchange"); }
TEST_P(Gangs, HaveTheGradientsOfOneProcess) { ExpectThatAllRanksProve("gradients"); }
TEST_P(Gangs, HearTheWordOfRankZeroInTheSameStep) { ExpectThatAllRanksProve("word"); }

TEST_P(Gangs, TrainAsOneProcessInDoublePrecision) { ExpectThatAllRanksProve("training-double"); }
TEST_P(Gangs, TakeTheStepOfOneProcessInSinglePrecision) {
  ExpectThatAllRanksProve("training-float");
}

INSTANTIATE_TEST_SUITE_P(OfRanks, Gangs, testing::Values(1, 2, 4));

// The last rank ends after a few sums, in which the others wait for ever. mpirun leaves with the
// code of the first rank that ended, 128 + n after signal n.
class BrokenGangs : public testing::Test {
 protected:
  void ExpectEnd(const std::string& what, int exit_code) {
    const std::vector<std::string> command =
        GangCommand(3, folder_.Path(), "archsweep-gang-probe", {"3", what});
    if (command.empty()) GTEST_SKIP() << kNoGang;
    const CommandResult result = RunCommand(command, {.timeout = kEndMax});
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
  }

  static constexpr std::chrono::seconds kEndMax{30};  // Most of it for their start.
  const TemporaryFolder folder_;
};

TEST_F(BrokenGangs, EndWhenARankIsKilled) { ExpectEnd("kill", 128 + 9); }
TEST_F(BrokenGangs, EndWhenARankCrashes) { ExpectEnd("crash", 128 + 11); }
TEST_F(BrokenGangs, EndWhenARankGivesUp) {
  ExpectEnd("abort", static_cast<int>(TrainerExit::kOutOfMemory));
}

}  // namespace
}  // namespace archsweep
