#include "sweep/language/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "sweep/language/presets.h"

namespace archsweep {
namespace {

ExpandedSweep Load(const std::string& name) {
  auto sweep = LoadSweep(name);
  EXPECT_TRUE(sweep) << sweep.error().message;
  return sweep ? *std::move(sweep) : ExpandedSweep{};
}

TEST(Presets, HaveTheNamesOfTheirSweeps) {
  ASSERT_EQ(Presets().size(), 3u);
  for (const Preset& preset : Presets())
    EXPECT_EQ(Load(std::string(preset.name)).name, preset.name);
}

// Section 4.1 of the reference on the paper.
TEST(Presets, OfTheDepthsAreThePublishedNetworks) {
  const ExpandedSweep sweep = Load("depth-grid");
  ASSERT_EQ(sweep.trials.size(), 343u);
  EXPECT_EQ(sweep.evaluations.size(), 686u);
  EXPECT_EQ(sweep.resources.gpus, 1);
  EXPECT_EQ(ToHex(sweep.trials.front().id), "140d2eea535c07e3a8967ce856a974b8");
  EXPECT_EQ(ToHex(sweep.trials.back().id), "edd6e6ab38e002848eaba813552a0524");
  const auto [least, most] = std::ranges::minmax(sweep.trials, {}, &SweepTrial::macs);
  EXPECT_NEAR(static_cast<double>(least.macs) / 1e9, 1.549, 0.0005);
  EXPECT_NEAR(static_cast<double>(most.macs) / 1e9, 9.707, 0.0005);
  EXPECT_NEAR(static_cast<double>(least.parameters) / 1e6, 10.96, 0.005);
  EXPECT_NEAR(static_cast<double>(most.parameters) / 1e6, 66.73, 0.005);
}

// Section 4.2 of the reference on the paper.
TEST(Presets, OfTheWidthsAreThePublishedNetworks) {
  const ExpandedSweep sweep = Load("width-grid");
  ASSERT_EQ(sweep.trials.size(), 512u);
  EXPECT_EQ(ToHex(sweep.trials.front().id), "e061d5810ba5cfe0a784e126bc7f3699");
  EXPECT_EQ(ToHex(sweep.trials.back().id), "390557bec0c9681d065d7856acfa9154");
  const auto [least, most] = std::ranges::minmax(sweep.trials, {}, &SweepTrial::macs);
  EXPECT_NEAR(static_cast<double>(least.macs) / 1e9, 0.847, 0.0005);
  EXPECT_NEAR(static_cast<double>(most.macs) / 1e9, 20.92, 0.005);
  EXPECT_NEAR(static_cast<double>(least.parameters) / 1e6, 5.85, 0.005);
  EXPECT_NEAR(static_cast<double>(most.parameters) / 1e6, 145.8, 0.05);
}

TEST(Presets, OfTheQuickstartIsTheExample) {
  const ExpandedSweep preset = Load("quickstart");
  EXPECT_EQ(preset.trials.size(), 8u);
  EXPECT_EQ(preset.evaluations.size(), 16u);
  EXPECT_EQ(preset.resources.gpus, 0);
  EXPECT_EQ(Load(ARCHSWEEP_SOURCE_DIR "/examples/quickstart.yaml").text, preset.text);
}

class LoadSweepFrom : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / ("load_" + ToHex(RandomId<SweepId>()));
    ASSERT_TRUE(CreateFolders(folder_));
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_);
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

  std::filesystem::path folder_;
  std::filesystem::path before_;
};

TEST_F(LoadSweepFrom, PrefersAFileToAPreset) {
  const std::string text =
      "name: mine\nbase: {dataset: cifar10, architecture: wrn-28-10, "
      "training: bat}\nevaluations: [clean]\n";
  ASSERT_TRUE(WriteFileDurably("quickstart", text));
  EXPECT_EQ(Load("quickstart").name, "mine");
}

TEST_F(LoadSweepFrom, IsNotMisledByAFolder) {
  ASSERT_TRUE(CreateFolders("quickstart"));
  EXPECT_EQ(Load("quickstart").name, "quickstart");
}

TEST_F(LoadSweepFrom, TakesANameThatLooksLikeAFileForOne) {
  for (const char* name : {"quickstart.yaml", "./quickstart"}) {
    const auto sweep = LoadSweep(name);
    ASSERT_FALSE(sweep);
    EXPECT_EQ(sweep.error().kind, ErrorKind::kNotFound) << sweep.error().message;
    EXPECT_NE(sweep.error().message.find(name), std::string::npos);
  }
}

TEST_F(LoadSweepFrom, ListsThePresetsForAnUnknownName) {
  const auto sweep = LoadSweep("quickstrat");
  ASSERT_FALSE(sweep);
  EXPECT_EQ(sweep.error().message,
            "'quickstrat' is neither a sweep file nor a preset (did you mean 'quickstart'?); "
            "presets are: depth-grid, width-grid, quickstart");
}

}  // namespace
}  // namespace archsweep
