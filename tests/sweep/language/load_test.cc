#include "sweep/language/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/text.h"
#include "sweep/language/presets.h"

namespace archsweep {
namespace {

ExpandedSweep Load(const std::string& name) {
  auto sweep = LoadSweep(name);
  EXPECT_TRUE(sweep) << sweep.error().message;
  return sweep ? *std::move(sweep) : ExpandedSweep{};
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
            "presets are: " +
                Join(PresetNames(), ", "));
}

}  // namespace
}  // namespace archsweep
