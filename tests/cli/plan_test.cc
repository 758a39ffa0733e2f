#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/cli/command.h"

namespace archsweep {
namespace {

Json JsonOf(const CommandResult& result) {
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto json = ParseJson(result.out);
  EXPECT_TRUE(json) << result.out;
  return json.value_or(Json());
}

TEST(Plan, PrintsARowForEachNetworkAndTheTotals) {
  const CommandResult result = RunArchsweep({"plan", "quickstart"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  const std::vector<std::string> lines = Split(result.out, '\n');
  ASSERT_EQ(lines.size(), 14u) << result.out;  // Header, networks, a blank line, totals, the end.
  EXPECT_TRUE(lines[0].starts_with("index  trial ")) << lines[0];
  EXPECT_NE(lines[1].find("77.85 k"), std::string::npos) << lines[1];
  EXPECT_TRUE(lines[10].starts_with("quickstart: 8 networks, 16 evaluations;")) << lines[10];
  EXPECT_TRUE(lines[11].starts_with("memory: at most ")) << lines[11];
  EXPECT_TRUE(lines[12].starts_with("time: about ")) << lines[12];
  EXPECT_NE(lines[12].find("(assumed: "), std::string::npos) << lines[12];
}

TEST(Plan, GivesProgramsExactNumbersAndKeepsTotalsOutOfThem) {
  const CommandResult result = RunArchsweep({"plan", "depth-grid", "--format", "json"});
  const Json rows = JsonOf(result);
  ASSERT_EQ(rows.size(), 343u);
  EXPECT_EQ(rows[0]["trial"], "5fe2e49ac915416c1372cbb57f6b3007");
  EXPECT_EQ(rows[0]["parameters"].dump(), "10961370");
  EXPECT_EQ(rows[0]["macs"].dump(), "1549080064");
  EXPECT_EQ(rows[342]["index"], 342);
  EXPECT_EQ(rows[342]["d3"], 11);
  EXPECT_EQ(rows[342]["w1"], 8);
  EXPECT_TRUE(result.err.starts_with("depth-grid: 343 networks, 2058 evaluations")) << result.err;
}

TEST(Plan, WritesCsvAndJsonLines) {
  const CommandResult csv = RunArchsweep({"plan", "quickstart", "--format", "csv"});
  EXPECT_EQ(std::ranges::count(csv.out, '\n'), 9);
  EXPECT_TRUE(csv.out.starts_with(
      "index,trial,dataset,block,d1,d2,d3,w1,w2,w3,activation,seed,"
      "parameters,macs,training_macs,memory_bytes,disk_bytes,training_seconds\n"))
      << csv.out;
  const CommandResult lines = RunArchsweep({"plan", "quickstart", "--format", "jsonl"});
  EXPECT_EQ(std::ranges::count(lines.out, '\n'), 8);
}

TEST(Plan, OfBothGridsTakesNoTime) {
  const auto begin = std::chrono::steady_clock::now();
  for (const char* preset : {"depth-grid", "width-grid"}) {
    EXPECT_EQ(RunArchsweep({"plan", preset, "--format", "csv"}).exit_code, 0);
  }
  const auto taken = std::chrono::steady_clock::now() - begin;
  // A fifth of a second on an idle machine; tests share theirs.
  EXPECT_LT(taken, std::chrono::seconds(2));
}

class PlanOfAFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / ("plan_" + ToHex(RandomId<SweepId>()));
    ASSERT_TRUE(CreateFolders(folder_));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  CommandResult PlanOf(const std::string& text, const std::vector<std::string>& flags = {}) {
    EXPECT_TRUE(WriteFileDurably(folder_ / "sweep.yaml", text));
    std::vector<std::string> arguments = {"plan", "sweep.yaml"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return RunArchsweep(arguments, {.folder = folder_});
  }

  std::filesystem::path folder_;
};

TEST_F(PlanOfAFile, HasAColumnForEverySettingThatDiffers) {
  const Json rows = JsonOf(PlanOf(R"(
name: test
base: {dataset: cifar10, training: bat}
grid:
  architecture: [wrn-28-10, robustresnet-a1]
  training.beta: [1, 6]
evaluations: [clean]
)",
                                  {"--format", "json"}));
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0]["training.beta"], 1.0);
  EXPECT_EQ(rows[3]["training.beta"], 6.0);
  EXPECT_EQ(rows[0]["architecture.scales"], nullptr);
  EXPECT_EQ(rows[3]["architecture.scales"], 8);
  EXPECT_EQ(rows[3]["parameters"], 19'222'738);
  EXPECT_FALSE(rows[0].contains("training.epochs"));
}

TEST_F(PlanOfAFile, ReportsAllMistakesOnStderr) {
  const CommandResult result = PlanOf("name: test\nbase: {datset: cifar10}\nevaluations: [clen]\n");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(
      result.err.find("sweep.yaml:2:8: unknown key 'datset' in base (did you mean 'dataset'?)"),
      std::string::npos)
      << result.err;
  EXPECT_NE(result.err.find("sweep.yaml:3:15: unknown attack 'clen'"), std::string::npos)
      << result.err;
}

TEST(PlanErrors, NameWhatIsMissing) {
  const CommandResult preset = RunArchsweep({"plan", "depth-gird"});
  EXPECT_EQ(preset.exit_code, 2);
  EXPECT_NE(preset.err.find("(did you mean 'depth-grid'?)"), std::string::npos) << preset.err;
  const CommandResult file = RunArchsweep({"plan", "no/such.yaml"});
  EXPECT_EQ(file.exit_code, 1);
  EXPECT_NE(file.err.find("no/such.yaml"), std::string::npos) << file.err;
  EXPECT_EQ(RunArchsweep({"plan", "quickstart", "--format", "xml"}).exit_code, 2);
  EXPECT_EQ(RunArchsweep({"plan"}).exit_code, 2);
}

TEST(PlanErrors, IncludeAFullDisk) {
  const std::string program = ARCHSWEEP_PROGRAM_DIR "/archsweep";
  const CommandResult result =
      RunCommand({"/bin/sh", "-c", program + " plan depth-grid --format csv > /dev/full"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("could not be written"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace archsweep
