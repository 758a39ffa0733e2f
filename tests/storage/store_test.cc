#include "storage/store.h"

#include <gtest/gtest.h>

#include <limits>

#include "storage/database.h"
#include "tests/base/temporary_folder.h"
#include "tests/storage/example.h"

namespace archsweep {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Store::Open(Folder(), clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_.emplace(std::move(*opened));
    ASSERT_TRUE(store_->Submit(sweep_));
    Commit({ExampleWorker()});
  }

  void Commit(const std::vector<Change>& changes) {
    const Status status = store_->Commit(changes);
    ASSERT_TRUE(status) << status.error().message;
  }

  // Expects that the changes are refused with all of `parts` in the message, and change nothing.
  void ExpectRefused(const std::vector<Change>& changes, const std::vector<std::string>& parts) {
    const std::string before = Dump();
    const Status status = store_->Commit(changes);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kCorrupt);
    for (const std::string& part : parts) {
      EXPECT_NE(status.error().message.find(part), std::string::npos) << status.error().message;
    }
    EXPECT_EQ(Dump(), before);
  }

  std::string Rows(const std::string& sql) { return RowsOf(Folder(), sql); }

  std::string Dump() {
    std::string text;
    for (const char* table : {"task", "attempt", "training", "result", "epoch_metric", "checkpoint",
                              "worker", "event", "trial", "membership", "evaluation_membership"}) {
      text += Rows(std::string("SELECT * FROM ") + table);
    }
    return text;
  }

  StoredTask TaskNow(const TaskId& id) {
    const StoredState stored = store_->Load().value();
    for (const StoredTask& task : stored.tasks) {
      if (task.spec.id == id) return task;
    }
    return {};
  }

  const std::filesystem::path& Folder() const { return folder_.Path(); }
  TrialId Trial(size_t i) const { return sweep_.trials[i].id; }
  EvaluationId Evaluation(size_t i) const { return IdOf(sweep_.evaluations[i]); }

  TestClock clock_;
  TemporaryFolder folder_;
  ExpandedSweep sweep_ = ExampleSweep(2);
  std::optional<Store> store_;
};

TEST_F(StoreTest, LoadsTheTasksOfASweepInItsOrder) {
  const StoredState stored = store_->Load().value();
  ASSERT_EQ(stored.sweeps.size(), 1u);
  EXPECT_EQ(stored.sweeps[0].name, "example");
  EXPECT_EQ(stored.sweeps[0].state, SweepState::kActive);
  EXPECT_EQ(
      stored.sweeps[0].tasks,
      (std::vector<TaskId>{TaskId::Train(Trial(0)), TaskId::Train(Trial(1)),
                           TaskId::Evaluate(Evaluation(0)), TaskId::Evaluate(Evaluation(1))}));
  const std::vector<TaskSpec> specs = TasksOf(sweep_);
  ASSERT_EQ(stored.tasks.size(), specs.size());
  for (size_t i = 0; i < specs.size(); ++i) {
    EXPECT_EQ(stored.tasks[i].spec, specs[i]);
    EXPECT_EQ(stored.tasks[i].state, TaskState::kQueued);
  }
  EXPECT_TRUE(stored.weights.empty());
  EXPECT_EQ(stored.newest_token.value, 0);
}

TEST_F(StoreTest, AnAttemptGoesFromAssignedOverRunningToSucceeded) {
  const TaskId task = TaskId::Train(Trial(0));
  Commit({Assign(5, task)});
  EXPECT_EQ(TaskNow(task).state, TaskState::kAssigned);
  ASSERT_TRUE(TaskNow(task).live);
  EXPECT_EQ(TaskNow(task).live->token.value, 5);
  EXPECT_EQ(TaskNow(task).live->worker, ExampleWorker().worker);
  Commit({Start(5)});
  EXPECT_EQ(TaskNow(task).state, TaskState::kRunning);
  Commit({Train(5, Trial(0))});
  EXPECT_EQ(TaskNow(task).state, TaskState::kSucceeded);
  EXPECT_FALSE(TaskNow(task).live);
  EXPECT_EQ(TaskNow(task).attempts, 1);

  const StoredState stored = store_->Load().value();
  EXPECT_EQ(stored.newest_token.value, 5);
  EXPECT_EQ(stored.weights, (std::set<WeightsId>{{Trial(0), CheckpointRole::kLast}}));
  EXPECT_EQ(store_->ReadWeights({Trial(0), CheckpointRole::kLast}),
            (CheckpointRef{"checkpoints/step-7", std::string(64, 'a')}));
}

TEST_F(StoreTest, ATrainingThatDivergedLeavesNoWeights) {
  Commit(WholeTraining(1, Trial(0), true));
  EXPECT_TRUE(store_->Load()->weights.empty());
  EXPECT_EQ(store_->ReadWeights({Trial(0), CheckpointRole::kLast}).error().kind,
            ErrorKind::kNotFound);
  EXPECT_EQ(Rows("SELECT diverged, pgd20_last FROM v_result"), "1|null\n");
}

TEST_F(StoreTest, RecordsWhatMadeAResult) {
  Commit(WholeTraining(1, Trial(0)));
  EXPECT_EQ(Rows("SELECT * FROM v_result"), "") << "trained, but nothing measured and not diverged";
  clock_.now_ms = 2'000;
  Commit(WholeEvaluation(2, Evaluation(0), 7));
  EXPECT_EQ(
      Rows("SELECT trial, d1, d3, w3, block, seed, parameters, macs, diverged, pgd20_last, "
           "pgd20_last_images, clean_last, train_steps, train_attempts, train_token, trained_ms, "
           "version, device, threads, precision, weights FROM v_result"),
      ToHex(Trial(0)) +
          "|1|3|6|basic|0|1000|5000|0|0.7|10|null|7|1|1|1000|0.1.0 (abc)|"
          "a processor|2|fp32|checkpoints/step-7\n");
  EXPECT_EQ(
      Rows("SELECT evaluation, attack, images, correct, accuracy, loss, seconds, attempts, token, "
           "evaluated_ms, host FROM v_evaluation"),
      ToHex(Evaluation(0)) + "|pgd20|10|7|0.7|1.25|4.0|1|2|2000|host\n");
  EXPECT_EQ(Rows("SELECT hex(flags) FROM result"), "7F00\n");
}

TEST_F(StoreTest, KeepsTheEvidenceOfAnAttack) {
  Commit(WholeTraining(1, Trial(0)));
  std::vector<Change> changes = WholeEvaluation(2, Evaluation(0), 7);
  EvaluatedLine& line = std::get<EvaluationSucceeded>(changes[2]).line;
  line.warnings = {"zero gradients", "square wins"};
  line.forward_images = 1'000;
  line.backward_images = 200;
  line.saved_images = 30;
  line.artifact = ArtifactRef{"artifacts/e/2/margins.safetensors", std::string(64, 'c')};
  Commit(changes);
  EXPECT_EQ(Rows("SELECT checkpoint, warnings, forward_images, backward_images, saved_images, "
                 "artifact, artifact_sha256, weights_sha256 FROM v_evaluation"),
            "last|[\"zero gradients\",\"square wins\"]|1000|200|30|"
            "artifacts/e/2/margins.safetensors|" +
                std::string(64, 'c') + "|" + std::string(64, 'a') + "\n");
}

TEST_F(StoreTest, KeepsTheBestCheckpointBesideTheLast) {
  ExpandedSweep best = ExampleSweep(1);
  best.name = "best";
  best.evaluations.push_back(best.evaluations[0]);
  best.evaluations[1].checkpoint = CheckpointRole::kBest;
  ASSERT_TRUE(store_->Submit(best));
  const EvaluationId of_best = IdOf(best.evaluations[1]);
  std::vector<Change> changes = WholeTraining(1, Trial(0));
  std::get<TrainingSucceeded>(changes[2]).line.best =
      BestCheckpoint{"checkpoints/step-3", std::string(64, 'b'), 3, 2, 0.5};
  Commit(changes);
  Commit(WholeEvaluation(2, Evaluation(0), 7));
  Commit(WholeEvaluation(3, of_best, 8));
  EXPECT_EQ(Rows("SELECT pgd20_last, pgd20_best, pgd20_best_images, weights, best_weights, "
                 "best_epoch, best_accuracy FROM v_result"),
            "0.7|0.8|10|checkpoints/step-7|checkpoints/step-3|2|0.5\n");
  EXPECT_EQ(Rows("SELECT checkpoint, accuracy, weights_sha256 FROM v_evaluation ORDER BY token"),
            "last|0.7|" + std::string(64, 'a') + "\nbest|0.8|" + std::string(64, 'b') + "\n");
  EXPECT_EQ(store_->ReadWeights({Trial(0), CheckpointRole::kBest}),
            (CheckpointRef{"checkpoints/step-3", std::string(64, 'b')}));
  EXPECT_EQ(store_->ReadWeights({Trial(0), CheckpointRole::kLast}),
            (CheckpointRef{"checkpoints/step-7", std::string(64, 'a')}));
}

TEST_F(StoreTest, RefusesAResultOfABestCheckpointThatIsNotThere) {
  ExpandedSweep best = ExampleSweep(1);
  best.name = "best";
  best.evaluations[0].checkpoint = CheckpointRole::kBest;
  ASSERT_TRUE(store_->Submit(best));
  const EvaluationId id = IdOf(best.evaluations[0]);
  Commit(WholeTraining(1, Trial(0)));
  EXPECT_FALSE(store_->Load()->weights.contains({Trial(0), CheckpointRole::kBest}));
  Commit({Assign(2, TaskId::Evaluate(id)), Start(2)});
  ExpectRefused({Evaluate(2, id, 7)}, {"has no best checkpoint"});
}

TEST_F(StoreTest, ShowsWhatTheRecipeWatchesInTheCurve) {
  EpochRecorded epoch = Epoch(1, 1);
  epoch.line.clean_accuracy = 0.5;
  epoch.line.pgd20_accuracy = 0.25;
  epoch.line.train_fgsm_accuracy = 0.75;
  Commit({Assign(1, TaskId::Train(Trial(0))), Start(1), epoch});
  EXPECT_EQ(Rows("SELECT clean_accuracy, pgd20_accuracy, train_fgsm_accuracy FROM v_curve"),
            "0.5|0.25|0.75\n");
}

TEST_F(StoreTest, TakesAnImportedTrialAsTrained) {
  ExpandedSweep imported = ExampleSweep(1);
  imported.name = "imported";
  SweepTrial& trial = imported.trials[0];
  trial.spec.weights_sha256 = std::string(64, 'd');
  trial.id = IdOf(trial.spec);
  imported.evaluations[0].trial = trial.id;
  ASSERT_TRUE(store_->Submit(imported));
  ASSERT_TRUE(store_->Submit(imported)) << "again";
  const StoredState stored = store_->Load().value();
  ASSERT_EQ(stored.sweeps.size(), 2u);
  ASSERT_EQ(stored.sweeps[1].tasks.size(), 1u);
  EXPECT_EQ(stored.sweeps[1].tasks[0].kind, TaskKind::kEvaluate);
  const std::string folder = "checkpoints/" + ToHex(trial.id) + "/imported";
  EXPECT_EQ(store_->ReadWeights({trial.id, CheckpointRole::kLast}),
            (CheckpointRef{folder, std::string(64, 'd')}));
  Commit(WholeEvaluation(1, IdOf(imported.evaluations[0]), 9));
  EXPECT_EQ(Rows("SELECT kind, seed, pgd20_last, diverged, train_steps, train_token, device, "
                 "weights FROM v_result"),
            "imported|null|0.9|0|null|null|null|" + folder + "\n");
  EXPECT_EQ(Rows("SELECT tasks, done FROM v_progress WHERE sweep = 'imported'"), "1|1\n");
  EXPECT_EQ(Rows("SELECT training, evaluated FROM v_membership WHERE sweep = 'imported'"),
            "null|1\n");
}

TEST_F(StoreTest, CountsTheSecondsOfEpochsThatAnEarlierAttemptDid) {
  const TaskId task = TaskId::Train(Trial(0));
  Commit({Assign(1, task), Start(1), Epoch(1, 1, 10), Epoch(1, 2, 20), Break(1, task)});
  Commit({Assign(2, task, 2), Start(2), Epoch(2, 2, 200), Train(2, Trial(0), true)});
  EXPECT_EQ(Rows("SELECT train_seconds, train_attempts FROM v_result"), "13.0|2\n");
  EXPECT_EQ(Rows("SELECT epoch, seconds FROM v_curve ORDER BY epoch"), "1|10.0\n2|200.0\n");
}

TEST_F(StoreTest, KeepsNumbersThatAreNoneAsNull) {
  const double infinity = std::numeric_limits<double>::infinity();
  EpochRecorded epoch = Epoch(1, 1);
  epoch.line.loss = std::numeric_limits<double>::quiet_NaN();
  epoch.line.robust_loss = infinity;
  Commit({Assign(1, TaskId::Train(Trial(0))), Start(1), epoch});
  EXPECT_EQ(Rows("SELECT loss, robust_loss, learning_rate FROM epoch_metric"), "null|null|0.1\n");
}

TEST_F(StoreTest, ARepeatedReportOfALiveAttemptChangesNoRow) {
  const CheckpointRecorded checkpoint{Token{1}, {.step = 3, .folder = "f", .model_sha256 = "d"}};
  Commit({Assign(1, TaskId::Train(Trial(0))), Start(1), Epoch(1, 1), checkpoint});
  const std::string before = Rows("SELECT * FROM attempt") + Rows("SELECT * FROM epoch_metric") +
                             Rows("SELECT * FROM checkpoint");
  clock_.now_ms = 9'000;
  Commit({Start(1), Epoch(1, 1), checkpoint});
  EXPECT_EQ(Rows("SELECT * FROM attempt") + Rows("SELECT * FROM epoch_metric") +
                Rows("SELECT * FROM checkpoint"),
            before);
}

TEST_F(StoreTest, AFailureCountsAndDecidesWhatBecomesOfTheTask) {
  const TaskId task = TaskId::Train(Trial(0));
  Commit({Assign(1, task), Start(1), Break(1, task, AfterFailure::kBackoff)});
  EXPECT_EQ(TaskNow(task).state, TaskState::kBackoff);
  EXPECT_EQ(TaskNow(task).charged, 1);
  Commit({Assign(2, task, 2), Break(2, task, AfterFailure::kFailed)});
  EXPECT_EQ(TaskNow(task).state, TaskState::kFailed);
  EXPECT_EQ(TaskNow(task).attempts, 2);
  EXPECT_EQ(
      Rows("SELECT kind, trial, attempt, class, message, task_state, host, slots FROM v_failures "
           "ORDER BY token"),
      "train|" + ToHex(Trial(0)) + "|1|task|it broke|failed|host|[0,1]\n" +  //
          "train|" + ToHex(Trial(0)) + "|2|task|it broke|failed|host|[0,1]\n");
  Commit({TaskRequeued{task}});
  EXPECT_EQ(TaskNow(task).state, TaskState::kQueued);
  EXPECT_EQ(TaskNow(task).charged, 0);
  EXPECT_EQ(TaskNow(task).attempts, 2) << "attempts are numbered on";
  Commit({Assign(3, task, 3)});
}

TEST_F(StoreTest, AWorkerMayJoinAgainAndLeave) {
  Commit({WorkerLeft{ExampleWorker().worker, "it left"}});
  EXPECT_EQ(Rows("SELECT host, slots, left_ms, left_reason FROM worker"), "host|2|1000|it left\n");
  WorkerJoined again = ExampleWorker();
  again.slots = 4;
  again.version = "0.3.0 (fed)";
  Commit({again});
  EXPECT_EQ(Rows("SELECT host, slots, version, left_ms FROM worker"), "host|4|0.3.0 (fed)|null\n");
  EXPECT_EQ(store_->Load().value().workers[0].description, again);
}

TEST_F(StoreTest, RefusesAReportUnderAStaleToken) {
  const TaskId task = TaskId::Train(Trial(0));
  Commit({Assign(1, task), Start(1), Break(1, task)});
  Commit({Assign(2, task, 2), Start(2)});
  ExpectRefused({Train(1, Trial(0))}, {"training_succeeded", "token 1 is not the live one"});
  ExpectRefused({Epoch(1, 1)}, {"epoch_recorded", "token 1"});
  ExpectRefused({Start(1)}, {"attempt_started", "token 1"});
  ExpectRefused({Break(1, task)}, {"attempt_failed", "token 1"});
  ExpectRefused({CheckpointRecorded{Token{7}, {}}}, {"checkpoint_recorded", "token 7"});
}

TEST_F(StoreTest, KeepsNothingOfATransactionThatItRefuses) {
  ExpectRefused({Assign(1, TaskId::Train(Trial(0))), Start(1), Epoch(1, 1), Epoch(9, 1)},
                {"token 9"});
}

TEST_F(StoreTest, RecordsAResultOnceForEver) {
  Commit(WholeTraining(1, Trial(0)));
  Commit(WholeEvaluation(2, Evaluation(0), 7));
  ExpectRefused({Evaluate(2, Evaluation(0), 8)}, {"token 2"});
  ExpectRefused({Assign(3, TaskId::Evaluate(Evaluation(0)), 2)},
                {"is succeeded and cannot be assigned"});
  ExpectRefused({TaskRequeued{TaskId::Evaluate(Evaluation(0))}}, {"is succeeded"});
}

TEST_F(StoreTest, RefusesAResultOfATrialWithoutWeights) {
  const TaskId task = TaskId::Evaluate(Evaluation(0));
  Commit({Assign(1, task), Start(1)});
  ExpectRefused({Evaluate(1, Evaluation(0), 7)}, {"is not trained"});
  Commit(WholeTraining(2, Trial(0), true));
  ExpectRefused({Evaluate(1, Evaluation(0), 7)}, {"diverged"});
}

TEST_F(StoreTest, RefusesAReportAboutAnotherTask) {
  Commit({Assign(1, TaskId::Train(Trial(0))), Start(1)});
  ExpectRefused({Train(1, Trial(1))}, {"is live for task train:" + ToHex(Trial(0))});
  ExpectRefused({Evaluate(1, Evaluation(0), 7)}, {"is live for task train:"});
  ExpectRefused({Break(1, TaskId::Train(Trial(1)))}, {"is live for task train:"});
}

TEST_F(StoreTest, RefusesAnAssignmentThatContradictsTheTables) {
  const TaskId task = TaskId::Train(Trial(0));
  Commit({Assign(5, task)});
  ExpectRefused({Assign(6, task, 2)}, {"is assigned and cannot be assigned"});
  ExpectRefused({Assign(5, TaskId::Train(Trial(1)))}, {"token 5 is not above the newest, 5"});
  ExpectRefused({Assign(6, TaskId::Train(Trial(1)), 2)},
                {"attempt 2", "does not follow its attempt 0"});
  ExpectRefused({Assign(6, TaskId::Train(IdOfText<TrialId>("x")))}, {"there is no task train:"});
  AttemptAssigned unknown = Assign(6, TaskId::Train(Trial(1)));
  unknown.worker = IdOfText<WorkerId>("stranger");
  ExpectRefused({unknown}, {"never joined"});
  ExpectRefused({WorkerLeft{unknown.worker, ""}}, {"never joined"});
}

TEST_F(StoreTest, RefusesCountsThatCannotBe) {
  Commit(WholeTraining(1, Trial(0)));
  Commit({Assign(2, TaskId::Evaluate(Evaluation(0))), Start(2)});
  ExpectRefused({Evaluate(2, Evaluation(0), 11)}, {"CHECK constraint failed"});
}

TEST_F(StoreTest, WritesOneEventPerChange) {
  clock_.now_ms = 3'000;
  Commit({Assign(1, TaskId::Train(Trial(0))), Start(1), ReportRefused{Token{77}, "trained"}});
  EXPECT_EQ(
      Rows(
          "SELECT kind, at_ms, epoch, token, task IS NOT NULL, data FROM event WHERE at_ms = 3000"),
      "attempt_assigned|3000|1|1|1|{}\nattempt_started|3000|1|1|1|{}\n"
      "report_refused|3000|1|77|0|{\"what\":\"trained\"}\n");
}

TEST_F(StoreTest, KeepsEventsAndResultsFromBeingChanged) {
  Commit(WholeTraining(1, Trial(0)));
  Commit(WholeEvaluation(2, Evaluation(0), 7));
  Database database = Database::Open(Folder() / kDatabaseFile, OpenMode::kReadWrite).value();
  for (const char* sql : {"DELETE FROM event", "UPDATE event SET kind = 'x'"}) {
    const Status status = database.Run(sql);
    ASSERT_FALSE(status) << sql;
    EXPECT_NE(status.error().message.find("append-only"), std::string::npos)
        << status.error().message;
  }
  for (const char* sql : {"DELETE FROM result", "UPDATE result SET correct = 9"}) {
    const Status status = database.Run(sql);
    ASSERT_FALSE(status) << sql;
    EXPECT_NE(status.error().message.find("once for ever"), std::string::npos)
        << status.error().message;
  }
}

TEST_F(StoreTest, SubmittingAgainChangesNothing) {
  Commit(WholeTraining(1, Trial(0)));
  const std::string before = Dump();
  clock_.now_ms = 9'000;
  ASSERT_TRUE(store_->Submit(sweep_));
  EXPECT_EQ(Dump(), before);
}

TEST_F(StoreTest, AnEditedSweepGainsAndLosesTrialsButNoResult) {
  Commit(WholeTraining(1, Trial(0)));
  Commit(WholeEvaluation(2, Evaluation(0), 7));
  ExpandedSweep edited = ExampleSweep(3);
  edited.trials.erase(edited.trials.begin());
  edited.evaluations.erase(edited.evaluations.begin());
  edited.text = "edited";
  ASSERT_TRUE(store_->Submit(edited));

  const StoredState stored = store_->Load().value();
  ASSERT_EQ(stored.sweeps[0].tasks.size(), 4u);
  EXPECT_EQ(stored.sweeps[0].tasks[0], TaskId::Train(Trial(1)));
  EXPECT_EQ(stored.sweeps[0].tasks[1], TaskId::Train(edited.trials[1].id));
  EXPECT_EQ(Rows("SELECT pgd20_last FROM v_result"), "0.7\n");
  EXPECT_EQ(Rows("SELECT wanted FROM v_membership WHERE trial = '" + ToHex(Trial(0)) + "'"), "0\n");

  ASSERT_TRUE(store_->Submit(sweep_));
  EXPECT_EQ(TaskNow(TaskId::Evaluate(Evaluation(0))).state, TaskState::kSucceeded)
      << "wanted again";
}

TEST_F(StoreTest, ATrialOfTwoSweepsIsOneTask) {
  ExpandedSweep other = ExampleSweep(1);
  other.name = "other";
  ASSERT_TRUE(store_->Submit(other));
  Commit(WholeTraining(1, Trial(0)));
  const StoredState stored = store_->Load().value();
  ASSERT_EQ(stored.sweeps.size(), 2u);
  EXPECT_EQ(stored.sweeps[1].tasks[0], TaskId::Train(Trial(0)));
  EXPECT_EQ(stored.tasks.size(), 4u);
  EXPECT_EQ(TaskNow(TaskId::Train(Trial(0))).state, TaskState::kSucceeded);
}

TEST_F(StoreTest, RefusesASeedThatSqliteCannotHold) {
  ExpandedSweep huge = ExampleSweep(1);
  huge.trials[0].spec.seed = std::numeric_limits<uint64_t>::max();
  const Status status = store_->Submit(huge);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kInvalidInput);
}

TEST_F(StoreTest, EpochsGrowAndWhatWasCommittedStays) {
  EXPECT_EQ(store_->Epoch(), 1);
  Commit(WholeTraining(1, Trial(0)));
  const std::string before = Rows("SELECT * FROM attempt");
  store_.reset();
  Store again = Store::Open(Folder(), clock_).value();
  EXPECT_EQ(again.Epoch(), 2);
  EXPECT_EQ(Rows("SELECT * FROM attempt"), before);
}

}  // namespace
}  // namespace archsweep
