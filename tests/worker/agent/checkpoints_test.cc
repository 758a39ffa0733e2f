#include "worker/agent/checkpoints.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "tests/worker/agent/fixture.h"
#include "worker/agent/checkpoint_search.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

class Checkpoints : public testing::Test {
 protected:
  fs::path Write(int64_t token, int64_t step) {
    const fs::path folder = trial_ / Format("{}", token) / Format("step-{}", step);
    fs::create_directories(folder);
    Json files;
    for (const char* name : {"model.safetensors", "state.safetensors"}) {
      const std::string content = Format("{} {} {}", name, token, step);
      std::ofstream(folder / name) << content;
      files[name] = {{"sha256", Sha256Hex(content)}, {"bytes", content.size()}};
    }
    const Json manifest = {{"version", 1}, {"step", step}, {"files", files}};
    std::ofstream(folder / "manifest.json") << manifest.dump();
    return folder;
  }

  std::optional<CheckpointRef> Newest(int64_t own) const {
    return NewestCheckpoint(trial_, TaskKind::kTrain, Token{own}, std::stop_token());
  }

  std::set<std::string> Files() const {
    std::set<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(trial_)) {
      if (entry.is_regular_file()) files.insert(fs::relative(entry.path(), trial_).string());
    }
    return files;
  }

  TemporaryFolder folder_;
  const fs::path trial_ = folder_.Path() / "checkpoints" / "trial";
};

TEST_F(Checkpoints, AreFoundByStepUnderLowerTokens) {
  EXPECT_FALSE(HasCheckpointsBelow(trial_, Token{9}));
  EXPECT_EQ(Newest(9), std::nullopt);
  Write(3, 100);
  const fs::path best = Write(3, 900);
  Write(5, 200);
  Write(9, 1'000);
  Write(12, 2'000);
  EXPECT_TRUE(HasCheckpointsBelow(trial_, Token{9}));
  EXPECT_FALSE(HasCheckpointsBelow(trial_, Token{3}));
  EXPECT_EQ(Newest(9), (CheckpointRef{best, Sha256Hex("model.safetensors 3 900")}));
}

TEST_F(Checkpoints, OfTheSameStepAreTakenFromTheNewerAttempt) {
  Write(3, 100);
  const fs::path newer = Write(10, 100);
  EXPECT_EQ(Newest(11)->folder, newer);
}

TEST_F(Checkpoints, ThatAreDamagedAreSkipped) {
  const fs::path good = Write(2, 100);
  std::ofstream(Write(2, 200) / "model.safetensors", std::ios::app) << "x";
  std::ofstream(Write(3, 300) / "state.safetensors") << "state.safetensors 3 30x";
  fs::remove(Write(4, 400) / "state.safetensors");
  fs::remove(Write(4, 500) / "manifest.json");
  std::ofstream(Write(4, 600) / "manifest.json") << "{\"version\":1,\"step\":601,\"files\":{}}";
  std::ofstream(Write(4, 700) / "manifest.json") << "[]";
  fs::rename(Write(5, 800), trial_ / "5" / "step-800.tmp");
  EXPECT_EQ(Newest(9)->folder, good);
  fs::remove(good / "model.safetensors");
  EXPECT_EQ(Newest(9), std::nullopt);
}

TEST_F(Checkpoints, AreNotSearchedForAfterARequestToStop) {
  Write(2, 100);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(NewestCheckpoint(trial_, TaskKind::kTrain, Token{9}, stop.get_token()), std::nullopt);
}

TEST_F(Checkpoints, AreSearchedForOnAThreadThatTellsWhenItIsDone) {
  const fs::path best = Write(2, 100);
  const auto wake = WakeEvent::Create();
  ASSERT_TRUE(wake);
  const CheckpointSearch search(trial_, TaskKind::kTrain, Token{9}, *wake);
  pollfd raised{wake->Fd(), POLLIN, 0};
  ASSERT_EQ(poll(&raised, 1, static_cast<int>(kPatienceMs)), 1);
  ASSERT_TRUE(search.Done());
  EXPECT_EQ(search.Found()->folder, best);
}

TEST_F(Checkpoints, ShrinkToTheFinalWeightsAfterSuccess) {
  Write(2, 100);
  Write(5, 200);
  const fs::path last = Write(5, 300);
  Write(7, 50);
  fs::create_directories(trial_ / "5" / "step-400.tmp");
  PruneAfterTraining(trial_, Token{5}, {.steps = 300, .folder = last.string(), .model_sha256 = ""});
  EXPECT_EQ(Files(),
            (std::set<std::string>{"5/step-300/model.safetensors", "5/step-300/manifest.json",
                                   "7/step-50/model.safetensors", "7/step-50/state.safetensors",
                                   "7/step-50/manifest.json"}));
  EXPECT_FALSE(fs::exists(trial_ / "5" / "step-400.tmp"));
}

TEST_F(Checkpoints, OfEvaluationsHaveNoModel) {
  const fs::path folder = Write(2, 100);
  fs::remove(folder / "model.safetensors");
  EXPECT_EQ(Newest(9), std::nullopt);
  const auto found = NewestCheckpoint(trial_, TaskKind::kEvaluate, Token{9}, std::stop_token());
  EXPECT_EQ(found, (CheckpointRef{folder, ""}));
  std::ofstream(folder / "state.safetensors", std::ios::app) << "x";
  EXPECT_EQ(NewestCheckpoint(trial_, TaskKind::kEvaluate, Token{9}, std::stop_token()),
            std::nullopt);
}

TEST_F(Checkpoints, KeepTheBestWeightsBesideTheLast) {
  Write(2, 100);
  Write(5, 200);
  const fs::path last = Write(5, 300);
  fs::create_directories(trial_ / "5" / "best");
  fs::rename(Write(5, 150), trial_ / "5" / "best" / "step-150");
  fs::remove(trial_ / "5" / "best" / "step-150" / "state.safetensors");
  PruneAfterTraining(trial_, Token{5},
                     {.steps = 300,
                      .folder = last.string(),
                      .model_sha256 = "",
                      .best = BestCheckpoint{.folder = "best/step-150", .model_sha256 = ""}});
  EXPECT_EQ(Files(), (std::set<std::string>{
                         "5/best/step-150/model.safetensors", "5/best/step-150/manifest.json",
                         "5/step-300/model.safetensors", "5/step-300/manifest.json"}));
}

TEST_F(Checkpoints, AllGoAfterAnEvaluation) {
  Write(2, 100);
  Write(5, 200);
  const fs::path later = Write(7, 50);
  PruneAfterEvaluation(trial_, Token{5});
  EXPECT_EQ(Files().size(), 3u);
  PruneAfterEvaluation(trial_, Token{7});
  EXPECT_FALSE(fs::exists(trial_));
}

TEST_F(Checkpoints, AllGoWhenTheTrainingDiverged) {
  Write(2, 100);
  Write(5, 200);
  PruneAfterTraining(trial_, Token{5}, {.steps = 250, .diverged = true});
  EXPECT_FALSE(fs::exists(trial_));
}

TEST_F(Checkpoints, StayWhenTheWeightsAreNotWhereTheyBelong) {
  Write(2, 100);
  const fs::path last = Write(5, 200);
  PruneAfterTraining(trial_, Token{6}, {.steps = 200, .folder = last.string(), .model_sha256 = ""});
  PruneAfterTraining(
      trial_, Token{5},
      {.steps = 200, .folder = (trial_ / "5" / "step-9").string(), .model_sha256 = ""});
  EXPECT_EQ(Files().size(), 6u);
}

}  // namespace
}  // namespace archsweep
