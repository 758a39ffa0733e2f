#include "worker/trainer/evaluate_task.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/worker/trainer/golden.h"
#include "tests/worker/trainer/trainer_program.h"

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
    const FileSummary weights = WriteSafetensors(folder_.Path() / "model.safetensors",
                                                 Golden("checkpoints/small_basic").State())
                                    .value();
    job_.weights = CheckpointRef{folder_.Path(), weights.sha256};
  }

  EvaluatedLine Run(AttackKind attack, int64_t images = 0) {
    job_.evaluation = EvaluationSpec{.trial = {}, .attack = attack, .images = images};
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

}  // namespace
}  // namespace archsweep
