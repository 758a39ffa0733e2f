#include <gtest/gtest.h>

#include "storage/store.h"
#include "tests/base/temporary_folder.h"
#include "tests/storage/example.h"

namespace archsweep {
namespace {

class Views : public testing::Test {
 protected:
  Views() : store_(Store::Open(folder_.Path(), clock_).value()) {
    CHECK(store_.Submit(sweep_));
    Commit({ExampleWorker()});
  }

  void Commit(const std::vector<Change>& changes) {
    const Status status = store_.Commit(changes);
    ASSERT_TRUE(status) << status.error().message;
  }
  std::string Rows(const std::string& sql) const { return RowsOf(folder_.Path(), sql); }
  TrialId Trial(size_t i) const { return sweep_.trials[i].id; }
  EvaluationId Evaluation(size_t i) const { return IdOf(sweep_.evaluations[i]); }

  TestClock clock_;
  TemporaryFolder folder_;
  ExpandedSweep sweep_ = ExampleSweep(2);
  Store store_;
};

TEST_F(Views, NameTheBuildsThatMadeEachResult) {
  Commit(WholeTraining(1, Trial(0)));
  Commit(WholeEvaluation(2, Evaluation(0), 7));
  Commit({Assign(3, TaskId::Train(Trial(1))), Start(3), Break(3, TaskId::Train(Trial(1)))});
  for (const char* view : {"v_result", "v_evaluation", "v_failures"}) {
    EXPECT_EQ(Rows(std::string("SELECT version, worker_version FROM ") + view),
              "0.1.0 (abc)|0.2.0 (def)\n")
        << view;
  }
}

TEST_F(Views, ShowTheEvaluationOverTheMostImages) {
  ExpandedSweep more =
      ExampleSweep(2, {AttackKind::kPgd20, AttackKind::kClean, AttackKind::kFgsm}, 100);
  more.name = "more";
  ASSERT_TRUE(store_.Submit(more));
  Commit(WholeTraining(1, Trial(0)));
  Commit(WholeEvaluation(2, Evaluation(0), 7, 10));
  Commit(WholeEvaluation(3, IdOf(more.evaluations[0]), 60, 100));
  Commit(WholeEvaluation(4, IdOf(more.evaluations[1]), 90, 100));
  Commit(WholeEvaluation(5, IdOf(more.evaluations[2]), 65, 100));
  const std::string columns =
      "SELECT clean_last, fgsm_last, pgd20_last, pgd20_last_images FROM v_result";
  EXPECT_EQ(Rows(columns), "0.9|0.65|0.6|100\n");
  // In the other order the result over fewer images changes nothing.
  Commit(WholeTraining(6, Trial(1)));
  Commit(WholeEvaluation(7, IdOf(more.evaluations[3]), 50, 100));
  Commit(WholeEvaluation(8, Evaluation(1), 9, 10));
  EXPECT_EQ(Rows(columns + " WHERE seed = 1"), "null|null|0.5|100\n");
}

TEST_F(Views, CountTheProgressOfASweep) {
  const std::string progress =
      "SELECT sweep, trials, diverged, tasks, done, running, failed, waiting FROM v_progress";
  EXPECT_EQ(Rows(progress), "example|2|0|4|0|0|0|4\n");
  Commit(WholeTraining(1, Trial(0)));
  Commit({Assign(2, TaskId::Evaluate(Evaluation(0)))});
  EXPECT_EQ(Rows(progress), "example|2|0|4|1|1|0|2\n");
  Commit(WholeTraining(3, Trial(1), true));
  EXPECT_EQ(Rows(progress), "example|2|1|3|2|1|0|0\n") << "nothing is left to evaluate of trial 1";
  EXPECT_EQ(Rows("SELECT ordinal, wanted, training, evaluations, evaluated FROM v_membership "
                 "WHERE sweep = 'example' ORDER BY ordinal"),
            "0|1|succeeded|1|0\n1|1|succeeded|1|0\n");
  EXPECT_EQ(Rows("SELECT kind, state FROM v_task WHERE sweep = 'example' AND trial = '" +
                 ToHex(Trial(0)) + "'"),
            "train|succeeded\nevaluate|assigned\n");
}

TEST_F(Views, ExpectNoEvaluationOfATrainingThatFailed) {
  const TaskId first = TaskId::Train(Trial(0));
  Commit({Assign(1, first), Start(1), Break(1, first, AfterFailure::kFailed)});
  EXPECT_EQ(Rows("SELECT tasks, failed, unreachable, waiting FROM v_progress"), "4|1|1|2\n");
  EXPECT_EQ(
      Rows("SELECT why FROM v_why WHERE kind = 'evaluate' AND trial = '" + ToHex(Trial(0)) + "'"),
      "the training failed\n");
}

TEST_F(Views, ShowSweepsTrialsAttemptsAndWorkers) {
  EXPECT_EQ(Rows("SELECT sweep, state, created_ms FROM v_sweep"), "example|active|1000\n");
  EXPECT_EQ(Rows("SELECT trial, seed, config ->> '$.seed' FROM v_trial WHERE trial_key = 1"),
            ToHex(Trial(0)) + "|0|0\n");
  const TaskId second = TaskId::Train(Trial(1));
  Commit(WholeTraining(1, Trial(0)));
  Commit({Assign(2, second), Start(2), Break(2, second, AfterFailure::kBackoff)});
  Commit({Assign(3, TaskId::Evaluate(Evaluation(0)))});
  EXPECT_EQ(Rows("SELECT host, slots, version, running, succeeded, failed, left_ms FROM v_worker"),
            "host|2|0.2.0 (def)|1|1|1|null\n");
  EXPECT_EQ(Rows("SELECT token, kind, trial, attack, attempt, state, class, host FROM v_attempt"),
            "1|train|" + ToHex(Trial(0)) + "|null|1|succeeded|null|host\n2|train|" +
                ToHex(Trial(1)) + "|null|1|failed|task|host\n3|evaluate|" + ToHex(Trial(0)) +
                "|pgd20|1|assigned|null|host\n");
  const std::string why = "SELECT kind, state, why, class, failed_on FROM v_why WHERE trial = '";
  EXPECT_EQ(Rows(why + ToHex(Trial(0)) + "' ORDER BY task_key"),
            "train|succeeded|it is done|null|null\n"
            "evaluate|assigned|attempt 1 is on host|null|null\n");
  EXPECT_EQ(Rows(why + ToHex(Trial(1)) + "' ORDER BY task_key"),
            "train|backoff|it failed, and waits before it is tried again|task|host\n"
            "evaluate|queued|the training is not done|null|null\n");
}

TEST_F(Views, ExpectTheRestToTakeAsLongAsWhatHasEnded) {
  const auto eta = [&] { return Rows("SELECT eta_seconds FROM v_progress"); };
  const auto work = [&](const std::string& what) {
    return std::stod(Rows("SELECT sum(work) FROM task WHERE " + what));
  };
  EXPECT_EQ(eta(), "null\n") << "nothing is known";
  Commit(WholeTraining(1, Trial(0)));  // Of 3 s.
  EXPECT_EQ(eta(), "null\n") << "nothing runs";
  const double pace = 3 / work("state = 'succeeded'");
  const double training = pace * work("state = 'queued' AND evaluation IS NULL");
  const double evaluations = pace * work("evaluation IS NOT NULL");
  Commit({Assign(2, TaskId::Train(Trial(1)))});
  EXPECT_NEAR(std::stod(eta()), training + evaluations, 1e-6);
  Commit({Assign(3, TaskId::Evaluate(Evaluation(0)))});
  EXPECT_NEAR(std::stod(eta()), training, 1e-6) << "the longest of the two at once";
  Commit({Start(2)});  // In 1970, so that it is overdue.
  EXPECT_NEAR(std::stod(eta()), evaluations / 2, 1e-6);
  Commit({SweepStateChanged{"example", SweepState::kPaused, ""}});
  EXPECT_EQ(eta(), "null\n");
}

TEST_F(Views, AreNotMisledByOneAttemptThatTookVeryLong) {
  sweep_ = ExampleSweep(4, {});
  ASSERT_TRUE(store_.Submit(sweep_));
  int64_t token = 0;
  for (const double seconds : {5.0, 4'000.0, 7.0}) {
    const TrialId trial = Trial(static_cast<size_t>(token++));
    TrainingSucceeded end = Train(token, trial);
    end.line.seconds = seconds;
    Commit({Assign(token, TaskId::Train(trial)), Start(token), end});
  }
  Commit({Assign(4, TaskId::Train(Trial(3)))});
  EXPECT_NEAR(std::stod(Rows("SELECT eta_seconds FROM v_progress")), 7, 0.1);
}

}  // namespace
}  // namespace archsweep
