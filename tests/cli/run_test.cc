#include <gtest/gtest.h>
#include <signal.h>

#include "tests/cli/run_fixture.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(RunTest, TakesASweepToItsTable) {
  const CommandResult run = Run();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("clean_last"), std::string::npos) << run.out;
  EXPECT_EQ(Query("select count(*) from v_result"), "4");
  EXPECT_EQ(Query("select count(*) from attempt"), "8");
  EXPECT_EQ(Query("select count(*) from v_attempt where seconds > 0 and cpu_seconds >= 0 and "
                  "memory_peak_bytes > 1000000"),
            "8");
  ExpectWhole();
}

TEST_F(RunTest, GivesPlansAMeasuredTime) {
  ASSERT_EQ(Run().exit_code, 0);
  const CommandResult plan = RunArchsweep({"plan", "quickstart", "--state", State()});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_NE(plan.out.find("(measured: "), std::string::npos) << plan.out;
  EXPECT_NE(plan.out.find("over 4 trainings"), std::string::npos) << plan.out;
}

TEST_F(RunTest, RepeatsNothingThatIsFinished) {
  ASSERT_EQ(Run().exit_code, 0);
  const CommandResult again = Run();
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NE(again.err.find("8 tasks done, 0 to run"), std::string::npos) << again.err;
  EXPECT_EQ(Query("select count(*) from attempt"), "8");
}

TEST_F(RunTest, EvaluatesTheKeptWeightsWhenAnEvaluationIsAdded) {
  ASSERT_EQ(Run().exit_code, 0);
  WriteSweep("[0, 1, 2, 3]", "[clean, fgsm]");
  ASSERT_EQ(Run().exit_code, 0);
  EXPECT_EQ(Query("select count(fgsm_last) from v_result"), "4");
  EXPECT_EQ(Query("select count(*) from v_task where kind = 'train' and attempts > 1"), "0");
  EXPECT_EQ(Query("select count(*) from attempt"), "12");
}

TEST_F(RunTest, KeepsTheEvidenceOfAnAttackAndExaminesIt) {
  WriteSweep("[0]", "[autoattack]");
  const CommandResult run = Run();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("autoattack_last"), std::string::npos) << run.out;
  EXPECT_EQ(run.out.find("fgsm_last"), std::string::npos) << "nobody measured it: " << run.out;
  EXPECT_EQ(Query("select warnings ->> '$[0]' from v_evaluation"), "a fake attack");
  EXPECT_EQ(Query("select forward_images + backward_images + saved_images from v_evaluation"),
            "123");
  ExpectWhole();
  std::ofstream(State() + "/" + Query("select artifact from v_evaluation"), std::ios::app) << "x";
  const CommandResult check = RunArchsweep({"check", "--state", State()});
  EXPECT_EQ(check.exit_code, 1);
  EXPECT_NE((check.out + check.err).find("artifact of evaluation"), std::string::npos)
      << check.out << check.err;
}

TEST_F(RunTest, GoesOnInsideAnEvaluationThatWasStopped) {
  WriteSweep("[0]", "[autoattack]");
  ASSERT_EQ(Run().exit_code, 0);
  WriteSweep("[0]", "[autoattack, square]");
  TrainersBehave("steps:500");
  {
    const auto run = RunBeside();
    ASSERT_TRUE(WaitUntil(
        [&] { return Query("select count(*) from attempt where state = 'running'") == "1"; },
        seconds(10)))
        << run->Output();
    run->Signal(SIGINT);
    EXPECT_EQ(run->Wait(seconds(5)), 130) << run->Output();
  }
  TrainersBehave("steps:1");
  EXPECT_EQ(Run().exit_code, 0);
  EXPECT_EQ(Query("select resumed_step > 0 or (select max(step) from checkpoint where "
                  "model_sha256 = '') = 0 from attempt order by token desc limit 1"),
            "1");
  ExpectWhole();
}

TEST_F(RunTest, GoesOnInAStateFolderThatWasMoved) {
  ASSERT_EQ(Run().exit_code, 0);
  const std::string moved = State() + "-moved";
  std::filesystem::rename(State(), moved);
  std::filesystem::rename(moved, State());
  WriteSweep("[0, 1, 2, 3]", "[clean, fgsm]");
  std::filesystem::create_directory(folder_.Path() / "elsewhere");
  std::filesystem::rename(State(), folder_.Path() / "elsewhere/state");
  std::vector<std::string> arguments = RunArguments();
  arguments[3] = (folder_.Path() / "elsewhere/state").string();
  EXPECT_EQ(RunArchsweep(arguments).exit_code, 0);
  const CommandResult check = RunArchsweep({"check", "--state", arguments[3]});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

TEST_F(RunTest, IsCopiedWhileItRuns) {
  TrainersBehave("steps:500");
  const auto run = RunBeside();
  ASSERT_TRUE(WaitUntil(
      [&] { return Query("select count(*) from attempt where state = 'running'") == "2"; },
      seconds(10)))
      << run->Output();
  const std::string copy = (folder_.Path() / "copy.db").string();
  const CommandResult backup = RunArchsweep({"backup", "--state", State(), "--to", copy});
  EXPECT_EQ(backup.exit_code, 0) << backup.err;
  EXPECT_EQ(backup.out, copy + ": 4 networks, 0 trained, 0 results: copied and examined\n");
  const CommandResult again = RunArchsweep({"backup", "--state", State(), "--to", copy});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find(copy + ": exists already"), std::string::npos) << again.err;
}

TEST_F(RunTest, StopsWithinFiveSecondsOfControlCAndGoesOn) {
  TrainersBehave("steps:500");
  {
    const auto run = RunBeside();
    ASSERT_TRUE(WaitUntil(
        [&] { return Query("select count(*) from attempt where state = 'running'") == "2"; },
        seconds(10)))
        << run->Output();
    run->Signal(SIGINT);
    EXPECT_EQ(run->Wait(seconds(5)), 130) << run->Output();
  }
  EXPECT_EQ(Query("select count(*) from v_failures where class <> 'stopped'"), "0");
  EXPECT_EQ(Query("select sum(charged + uncharged) from task"), "0");
  TrainersBehave("steps:1");
  EXPECT_EQ(Run().exit_code, 0);
  EXPECT_EQ(Query("select count(*) from v_result"), "4");
  ExpectWhole();
}

TEST_F(RunTest, EndsAtOnceOnASecondControlCThoughATrainerHeedsNothing) {
  TrainersBehave("stubborn");
  const auto run = RunBeside();
  ASSERT_TRUE(WaitUntil(
      [&] { return Query("select count(*) from attempt where state = 'assigned'") == "2"; },
      seconds(10)));
  run->Signal(SIGINT);
  ASSERT_TRUE(
      WaitUntil([&] { return run->Output().find("stopping") != std::string::npos; }, seconds(5)));
  run->Signal(SIGINT);
  EXPECT_EQ(run->Wait(seconds(3)), 130) << run->Output();
}

TEST_F(RunTest, LeavesNoTrainerBehindWhenItIsKilled) {
  TrainersBehave("steps:1000");
  const auto run = RunBeside();
  ASSERT_TRUE(WaitUntil(
      [&] { return Query("select count(*) from attempt where state = 'running'") == "2"; },
      seconds(10)));
  const std::vector<pid_t> trainers = ChildrenOf(run->Pid());
  run->Signal(SIGKILL);
  for (const pid_t trainer : trainers) {
    EXPECT_TRUE(WaitUntil([&] { return !IsRunning(trainer); }, seconds(5))) << trainer;
  }
}

TEST_F(RunTest, EndsWithCodeThreeWhenTasksFailedAndTriesThemAgain) {
  TrainersBehave("fail");
  const CommandResult failed = Run();
  EXPECT_EQ(failed.exit_code, 3) << failed.err;
  EXPECT_EQ(Query("select failed from v_progress"), "4");
  EXPECT_EQ(Query("select count(*) from v_result"), "0");
  TrainersBehave("finish");
  EXPECT_EQ(Run().exit_code, 0);
  EXPECT_EQ(Query("select count(*) from v_result"), "4");
  ExpectWhole();
}

TEST_F(RunTest, LeavesNothingButWhatIsNeededAfterAGc) {
  ASSERT_EQ(Run().exit_code, 0);
  const fs::path state = State();
  const std::string trial = Query("select trial from v_result limit 1");
  const fs::path stale = state / "checkpoints" / trial / "1000000" / "step-3";
  const fs::path weights = state / Query("select weights from v_result limit 1");
  fs::create_directories(stale);
  std::ofstream(stale / "state.safetensors") << "0123456789";
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(48);
  for (const fs::path& path : {stale / "state.safetensors", stale, stale.parent_path()}) {
    fs::last_write_time(path, old);
  }
  const std::vector<std::string> gc = {"gc", "--state", state, "--format", "jsonl"};
  std::vector<std::string> dry_run = gc;
  dry_run.emplace_back("--dry-run");
  const std::string row =
      Format("{{\"bytes\":10,\"path\":\"{}\"}}\n", stale.parent_path().string());
  EXPECT_EQ(RunArchsweep(dry_run).out, row);
  EXPECT_TRUE(fs::exists(stale));
  EXPECT_EQ(RunArchsweep(gc).out, row);
  EXPECT_FALSE(fs::exists(stale.parent_path()));
  EXPECT_TRUE(fs::exists(weights)) << weights;
  EXPECT_EQ(RunArchsweep(gc).out, "");
  EXPECT_EQ(RunArchsweep({"gc", "--state", state, "--older-than", "30m"}).exit_code, 2);
  ExpectWhole();
}

// What was acknowledged before a kill, of anything at any moment, is there after it, and in the end
// every network has one result.
TEST_F(RunTest, SurvivesKillsOfAnythingAtAnyMoment) {
  TrainersBehave("steps:5");
  WriteSweep("[0, 1, 2, 3, 4, 5, 6, 7]", "[clean, pgd20]");
  const unsigned seed = 20231;
  SCOPED_TRACE(Format("seed {}", seed));
  std::srand(seed);
  int results = 0;
  for (int kills = 0; kills < 12; ++kills) {
    const auto run = RunBeside();
    if (run->Wait(milliseconds(std::rand() % 400))) break;
    const std::vector<pid_t> trainers = ChildrenOf(run->Pid());
    if (kills % 3 == 0 && !trainers.empty()) {
      kill(trainers[static_cast<size_t>(std::rand()) % trainers.size()], SIGKILL);
      run->Wait(milliseconds(std::rand() % 200));
    }
    run->Signal(SIGKILL);
    run->Wait(seconds(5));
    const int now = std::atoi(Query("select count(*) from result").c_str());
    EXPECT_GE(now, results) << "an acknowledged result is gone";
    results = now;
  }
  const CommandResult last = Run();
  EXPECT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(Query("select count(*) from v_result"), "8");
  EXPECT_EQ(Query("select count(*) from result"), "16");
  EXPECT_EQ(Query("select count(*) from attempt where state = 'succeeded'"), "24");
  ExpectWhole();
}

}  // namespace
}  // namespace archsweep
