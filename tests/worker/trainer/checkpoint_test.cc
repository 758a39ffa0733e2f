#include "worker/trainer/checkpoint.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/file.h"
#include "base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "worker/trainer/checkpoint_writer.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

Checkpoint AtStep(int64_t step) {
  return {.trial = IdOfText<TrialId>("some trial"),
          .step = step,
          .model = {{"fc.weight", at::arange(200, at::kFloat) + static_cast<double>(step)}},
          .state = {{"momentum.fc.weight", at::ones({200})}}};
}

class Checkpoints : public testing::Test {
 protected:
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(parent_)) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

  WrittenCheckpoint Write(int64_t step) const {
    return WriteCheckpoint(parent_, AtStep(step)).value();
  }

  const TemporaryFolder folder_;
  const fs::path parent_ = folder_.Path() / "trial" / "5";
};

TEST_F(Checkpoints, AreReadBackAsWritten) {
  const WrittenCheckpoint written = Write(12);
  EXPECT_EQ(written.folder, parent_ / "step-12");
  EXPECT_EQ(written.model_sha256, Sha256HexOfFile(written.folder / "model.safetensors").value());
  for (const std::string& digest : {written.model_sha256, std::string()}) {
    const Checkpoint read = ReadCheckpoint({written.folder, digest}).value();
    EXPECT_EQ(read.trial, AtStep(12).trial);
    EXPECT_EQ(read.step, 12);
    EXPECT_TRUE(read.model.front().tensor.equal(AtStep(12).model.front().tensor));
    EXPECT_TRUE(read.state.front().tensor.equal(AtStep(12).state.front().tensor));
  }
  EXPECT_EQ(Names(), std::vector<std::string>{"step-12"});
}

TEST_F(Checkpoints, ReplaceOneOfTheSameStepAndWhatABrokenWriteLeft) {
  Write(3);
  CHECK(WriteFileDurably(parent_ / "step-3" / "junk", "x"));
  fs::create_directories(parent_ / ".step-3" / "junk");
  Write(3);
  EXPECT_FALSE(fs::exists(parent_ / "step-3" / "junk"));
  EXPECT_EQ(Names(), std::vector<std::string>{"step-3"});
}

TEST_F(Checkpoints, CutOffOrDamagedAreRefused) {
  const WrittenCheckpoint written = Write(1);
  for (const char* name : {"model.safetensors", "state.safetensors"}) {
    const fs::path file = written.folder / name;
    const std::string whole = ReadFile(file, 1 << 20).value();
    std::string damaged = whole;
    damaged[damaged.size() / 2] ^= 1;
    for (const std::string& bad : {whole.substr(0, whole.size() - 1), std::string(), damaged}) {
      std::ofstream(file, std::ios::binary) << bad;
      const auto read = ReadCheckpoint({written.folder, written.model_sha256});
      ASSERT_FALSE(read);
      EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
      EXPECT_NE(read.error().message.find(file.string()), std::string::npos);
    }
    std::ofstream(file, std::ios::binary) << whole;
  }
  EXPECT_TRUE(ReadCheckpoint({written.folder, ""}));
  EXPECT_FALSE(ReadCheckpoint({written.folder, std::string(64, '0')}));
  for (const char* manifest : {"{}", "[]", "{", R"({"version":2})"}) {
    std::ofstream(written.folder / "manifest.json") << manifest;
    EXPECT_FALSE(ReadCheckpoint({written.folder, written.model_sha256})) << manifest;
  }
}

TEST_F(Checkpoints, OfWeightsAloneNeedNoManifestWhereTheirDigestIsKnown) {
  const WrittenCheckpoint written = Write(1);
  fs::remove(written.folder / "manifest.json");
  fs::remove(written.folder / "state.safetensors");
  EXPECT_TRUE(ReadWeights({written.folder, written.model_sha256}));
  EXPECT_EQ(ReadWeights({written.folder, ""}).error().kind, ErrorKind::kNotFound);
}

TEST_F(Checkpoints, ThatAreOldAreRemoved) {
  for (const int64_t step : {2, 10, 9, 100}) Write(step);
  fs::create_directories(parent_ / ".step-101");
  fs::create_directories(parent_ / "step-07");
  fs::create_directories(parent_ / "mine");
  ASSERT_TRUE(KeepNewestCheckpoints(parent_, 2));
  EXPECT_EQ(Names(), (std::vector<std::string>{"mine", "step-07", "step-10", "step-100"}));
}

TEST_F(Checkpoints, ThatCannotBeWrittenNameTheFile) {
  CHECK(WriteFileDurably(folder_.Path() / "trial", "a file"));
  const auto written = WriteCheckpoint(parent_, AtStep(1));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kIo);
  EXPECT_NE(written.error().message.find(parent_.string()), std::string::npos);
}

TEST_F(Checkpoints, AreWrittenBehindTheBackOfTraining) {
  CheckpointWriter writer(parent_, 1);
  EXPECT_FALSE(writer.IsBusy());
  EXPECT_FALSE(writer.TakeFinished());
  for (const int64_t step : {1, 2}) {
    writer.Start(AtStep(step));
    EXPECT_TRUE(writer.IsBusy());
    EXPECT_EQ(writer.Wait()->step, step);
    EXPECT_FALSE(writer.IsBusy());
  }
  EXPECT_EQ(Names(), std::vector<std::string>{"step-2"});
}

TEST(CopyInto, NamesAllThatDoesNotFit) {
  const NamedTensors target = {{"a", at::zeros({2})}, {"b", at::zeros({2, 3})}};
  const Status copied = CopyInto(target, {{"b", at::zeros({3, 2})}, {"c", at::zeros({1})}});
  ASSERT_FALSE(copied);
  for (const char* part : {"a is missing", "b is", "[3, 2]", "[2, 3]", "c is unknown"}) {
    EXPECT_NE(copied.error().message.find(part), std::string::npos) << copied.error().message;
  }
}

}  // namespace
}  // namespace archsweep
