#include "worker/trainer/evaluate_task.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <limits>

#include "base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/trainer/golden.h"
#include "tests/worker/trainer/trainer_program.h"
#include "worker/trainer/checkpoint.h"

namespace archsweep {
namespace {

// The trained small network of the golden data on the test images that ship.
class Evaluations : public testing::Test {
 protected:
  Evaluations() {
    const RegisteredDataset dataset = DatasetByName("cifar10-quickstart").value();
    job_.trial.dataset = {dataset.name, dataset.digest};
    job_.trial.architecture = {.depth = {1, 1, 1}, .width = {1, 1, 1}};
    job_.data_root = std::filesystem::path(ARCHSWEEP_SOURCE_DIR) / "examples/data";
    job_.attempt_folder = folder_.Path() / "attempt";
    UseWeights(Golden("checkpoints/small_basic").State());
  }

  void UseWeights(const NamedTensors& weights) {
    const std::filesystem::path file = folder_.Path() / "model.safetensors";
    job_.weights = CheckpointRef{folder_.Path(), WriteSafetensors(file, weights).value().sha256};
  }

  // The trained weights, with one value of the tensor of that name replaced.
  void UseWeightsWith(std::string_view name, double value) {
    const NamedTensors weights = Golden("checkpoints/small_basic").State();
    TensorNamed(weights, name).view(-1)[0] = value;
    UseWeights(weights);
  }

  EvaluatedLine Run(AttackKind attack, int64_t images = 0) {
    AttackSettings settings = SettingsOf(attack);
    settings.restarts = settings_.restarts;
    settings.savings = settings_.savings;
    if (settings.batch > 0) settings.batch = settings_.batch;
    job_.evaluation = EvaluationSpec{.trial = {}, .attack = attack, .images = images};
    job_.evaluation->settings = settings;
    const TrainerOutcome outcome = RunTrainer(job_);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    return outcome.Last<EvaluatedLine>();
  }

  // The flags that an evaluation wrote, for so many images.
  at::Tensor Flags(const EvaluatedLine& line) const {
    const std::string bytes = ReadFile(job_.attempt_folder / line.flags_file, 1 << 20).value();
    EXPECT_EQ(static_cast<int64_t>(bytes.size()), (line.images + 7) / 8);
    const at::Tensor flags = at::zeros({line.images}, at::kBool);
    for (int64_t i = 0; i < line.images; ++i) {
      flags[i] = (bytes[static_cast<size_t>(i / 8)] >> i % 8 & 1) != 0;
    }
    return flags;
  }

  const TemporaryFolder folder_;
  const Golden golden_{"checkpoints/small_basic_eval"};
  AttackSettings settings_ = {.batch = 250};  // Those of them that a test changes.
  Job job_;
};

TEST_F(Evaluations, CountTheCleanImagesThatTheOfficialCodeCounts) {
  const EvaluatedLine line = Run(AttackKind::kClean);
  EXPECT_EQ(line.images, 1017);
  EXPECT_EQ(line.correct, 475);
  EXPECT_TRUE(Flags(line).equal(golden_["correct.clean"]));
}

TEST_F(Evaluations, CountTheImagesThatSurviveFgsmInTheOfficialCode) {
  const EvaluatedLine line = Run(AttackKind::kFgsm);
  EXPECT_EQ(line.correct, 264);
  EXPECT_TRUE(Flags(line).equal(golden_["correct.fgsm"]));
}

TEST_F(Evaluations, OfTheFirstImagesAreThoseOfAllImages) {
  const EvaluatedLine line = Run(AttackKind::kFgsm, 150);
  EXPECT_EQ(line.images, 150);
  EXPECT_TRUE(Flags(line).equal(golden_["correct.fgsm"].narrow(0, 0, 150)));
}

TEST_F(Evaluations, ByPgdAreTheSameEachTimeAndBelowFgsm) {
  const EvaluatedLine first = Run(AttackKind::kPgd20, 64);
  const at::Tensor flags = Flags(first);
  const EvaluatedLine second = Run(AttackKind::kPgd20, 64);
  EXPECT_TRUE(Flags(second).equal(flags));
  EXPECT_EQ(first.loss, second.loss);
  EXPECT_LE(first.correct, golden_["correct.fgsm"].narrow(0, 0, 64).sum().item<int64_t>());
}

// AutoAttack of the reference on the first 256 images, in batches of 250.
TEST_F(Evaluations, ByApgdBreakWhatTheReferenceBreaks) {
  const Golden reference("checkpoints/small_basic_autoattack");
  for (const Savings savings : {Savings::kNone, Savings::kExact}) {
    SCOPED_TRACE(NameOf(savings));
    settings_.savings = savings;
    const EvaluatedLine line = Run(AttackKind::kApgdCe, 256);
    EXPECT_EQ(line.correct, 61);
    EXPECT_TRUE(Flags(line).equal(reference["robust.apgd-ce"]));
    EXPECT_EQ(line.saved_images == 0, savings == Savings::kNone);
    const NamedTensors artifact =
        ReadSafetensors(job_.attempt_folder / line.artifact->file).value();
    ASSERT_EQ(artifact.size(), 2u);
    for (const NamedTensor& named : artifact) {
      EXPECT_EQ(named.tensor.numel(), 256);
      if (named.name == "broken_by") {
        EXPECT_EQ(named.tensor.gt(0).sum().item<int64_t>(), 118 - 61);
      }
    }
  }
}

TEST_F(Evaluations, ByApgdGoOnWhereTheyWereStopped) {
  settings_.batch = 16;
  const EvaluatedLine whole = Run(AttackKind::kApgdCe, 96);
  const at::Tensor expected = Flags(whole);
  job_.checkpoint_folder = folder_.Path() / "evaluation/1";
  job_.checkpoint_interval_ms = 0;
  TrainerProgram stopped(job_);
  ASSERT_TRUE(stopped.WaitFor<CheckpointLine>());
  kill(stopped.Pid(), SIGTERM);
  const TrainerOutcome outcome = stopped.Wait();
  ASSERT_EQ(outcome.exit_code, static_cast<int>(TrainerExit::kStopped)) << outcome.output;
  job_.resume = CheckpointRef{outcome.All<CheckpointLine>().back().folder, ""};
  job_.checkpoint_folder = folder_.Path() / "evaluation/2";
  const TrainerOutcome rest = RunTrainer(job_);
  ASSERT_EQ(rest.exit_code, 0) << rest.output;
  EXPECT_TRUE(Flags(rest.Last<EvaluatedLine>()).equal(expected));
  EXPECT_EQ(rest.Last<EvaluatedLine>().backward_images, whole.backward_images);
  const double before =
      TensorNamed(ReadCheckpoint(*job_.resume).value().state, "seconds").item<double>();
  EXPECT_GT(before, 0);
  EXPECT_GT(rest.Last<EvaluatedLine>().seconds, before);
}

TEST_F(Evaluations, OfSeveralRunsCountTheWorst) {
  const at::Tensor once = Flags(Run(AttackKind::kPgd20, 64));
  settings_.restarts = 3;
  const at::Tensor thrice = Flags(Run(AttackKind::kPgd20, 64));
  EXPECT_FALSE(thrice.logical_and(once.logical_not()).any().item<bool>());
}

TEST_F(Evaluations, OfMoreImagesThanThereAreAreRefused) {
  job_.evaluation = EvaluationSpec{.trial = {}, .attack = AttackKind::kClean, .images = 2000};
  const TrainerOutcome outcome = RunTrainer(job_);
  EXPECT_EQ(outcome.exit_code, static_cast<int>(TrainerExit::kConfiguration));
  EXPECT_NE(outcome.Last<FailedLine>().failure.message.find("1017"), std::string::npos);
}

TEST_F(Evaluations, OfWeightsOfAnotherNetworkAreRefused) {
  job_.trial.architecture.depth = {2, 1, 1};
  job_.evaluation = EvaluationSpec{.trial = {}, .attack = AttackKind::kClean, .images = 0};
  const TrainerOutcome outcome = RunTrainer(job_);
  EXPECT_EQ(outcome.exit_code, static_cast<int>(TrainerExit::kConfiguration));
  EXPECT_NE(outcome.Last<FailedLine>().failure.message.find("blocks.0.layer.1.bn1.weight"),
            std::string::npos);
}

TEST_F(Evaluations, OfWeightsThatAreNoNumbersAreRefused) {
  UseWeightsWith("blocks.1.layer.0.bn1.weight", std::numeric_limits<double>::quiet_NaN());
  job_.evaluation = EvaluationSpec{.trial = {}, .attack = AttackKind::kClean, .images = 0};
  const TrainerOutcome outcome = RunTrainer(job_);
  EXPECT_EQ(outcome.exit_code, static_cast<int>(TrainerExit::kConfiguration));
  EXPECT_NE(outcome.Last<FailedLine>().failure.message.find(
                "'blocks.1.layer.0.bn1.weight' has 1 of 16 values that are not finite"),
            std::string::npos)
      << outcome.output;
}

TEST_F(Evaluations, WarnOfLogitsThatAreNoNumbers) {
  EXPECT_TRUE(Run(AttackKind::kClean, 64).warnings.empty());
  UseWeightsWith("stem_conv.weight", 3e38);
  const EvaluatedLine line = Run(AttackKind::kClean, 64);
  ASSERT_EQ(line.warnings.size(), 1u);
  EXPECT_NE(line.warnings[0].find("images are not finite"), std::string::npos);
}

}  // namespace
}  // namespace archsweep
