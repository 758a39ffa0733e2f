#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/command.h"

namespace archsweep {
namespace {

CommandResult Scale(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "scale");
  return RunArchsweep(arguments);
}

// The one row that the command prints as JSON.
Json RowOf(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--format", "json"});
  const CommandResult result = Scale(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto rows = ParseJson(result.out);
  EXPECT_TRUE(rows && rows->size() == 1) << result.out;
  return rows && rows->size() == 1 ? rows->front() : Json();
}

std::string MistakeOf(const std::vector<std::string>& arguments) {
  const CommandResult result = Scale(arguments);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  return result.err;
}

TEST(Scale, SaysWhatItDidAndWhatToWriteIntoASweepFile) {
  const CommandResult result = Scale({"--macs", "20G"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out,
            "block  d1  d2  d3  w1  w2  w3   r_depth  parameters     macs  source\n"
            "basic  22  22  11   8  11   5  0.696203      75.3 M  20.23 G  published\n"
            "\n"
            "Published for 20 G MACs at r_depth 0.7: 20.23 G MACs, 1.13 % above the target.\n"
            "In a sweep file:\n"
            "\n"
            "  architecture: { block: basic, depth: [22, 22, 11], width: [8, 11, 5] }\n");
}

TEST(Scale, SaysHowFarTheRuleIsFromTheTarget) {
  const std::string rule = Scale({"--macs", "7G"}).out;
  EXPECT_NE(rule.find("\nFound by the rule: 6.93 G MACs, 1.00 % below the target, the closest with "
                      "r_depth within 0.025 of 0.7.\n"),
            std::string::npos)
      << rule;
  const std::string bounded = Scale({"--macs", "20G", "--parameters", "70M"}).out;
  EXPECT_NE(bounded.find(" within 0.025 of 0.7 and at most 70 M parameters.\n"), std::string::npos)
      << bounded;
  const std::string by_parameters = Scale({"--parameters", "75M"}).out;
  EXPECT_NE(by_parameters.find("rule: 74.83 M parameters, 0.23 % below"), std::string::npos)
      << by_parameters;
  const std::string exact = Scale({"--macs", "31548096"}).out;
  EXPECT_NE(exact.find("31.55 M MACs, exactly the target,"), std::string::npos) << exact;
}

TEST(Scale, GivesProgramsWholeNumbersAndKeepsTheSentenceOutOfThem) {
  const CommandResult json = Scale({"--macs", "5e9", "--block", "robust", "--format", "json"});
  EXPECT_TRUE(json.out.starts_with(
      "[\n{\"block\":\"robust\",\"d1\":14,\"d2\":14,\"d3\":7,\"w1\":5,\"w2\":7,\"w3\":3,"
      "\"r_depth\":0.7,\"parameters\":19222738,\"macs\":51052"))
      << json.out;
  EXPECT_TRUE(json.out.ends_with(",\"source\":\"published\"}\n]\n")) << json.out;
  EXPECT_TRUE(json.err.starts_with("Published for 5 G MACs")) << json.err;
  const CommandResult csv = Scale({"--macs", "7G", "--format", "csv"});
  EXPECT_TRUE(csv.out.starts_with("block,d1,d2,d3,w1,w2,w3,r_depth,parameters,macs,source\nbasic,"))
      << csv.out;
  EXPECT_TRUE(csv.out.ends_with(",rule\n")) << csv.out;
  const CommandResult lines = Scale({"--macs", "7G", "--format", "jsonl"});
  EXPECT_EQ(std::ranges::count(lines.out, '\n'), 1);
}

TEST(Scale, ReadsCountsInEveryNotation) {
  const Json row = RowOf({"--macs", "7G"});
  for (const char* text : {"7000M", "7e9", "0.007T", "7000000000"}) {
    EXPECT_EQ(RowOf({"--macs", text}), row) << text;
  }
}

TEST(Scale, HeedsEveryOption) {
  const Json row = RowOf({"--macs", "7G"});
  EXPECT_LE(RowOf({"--macs", "7G", "--parameters", "25M"})["parameters"], 25'000'000);
  EXPECT_EQ(RowOf({"--macs", "7G", "--parameters", "60M"}), row);
  EXPECT_EQ(RowOf({"--macs", "7G", "--block", "robust"})["block"], "robust");
  EXPECT_NEAR(RowOf({"--macs", "7G", "--r-depth", "0.5"})["r_depth"].get<double>(), 0.5, 0.026);
  EXPECT_LT(RowOf({"--macs", "7G", "--image-size", "64"})["parameters"],
            row["parameters"].get<int64_t>() / 2);
  const Json few = RowOf({"--macs", "20G"});
  const Json many = RowOf({"--macs", "20G", "--classes", "100"});
  EXPECT_EQ(many["parameters"].get<int64_t>() - few["parameters"].get<int64_t>(), 90 * 321);
}

TEST(Scale, PrintsALineThatASweepFileTakes) {
  const TemporaryFolder folder;
  const Json row = RowOf({"--macs", "7G", "--block", "robust"});
  std::string line = Scale({"--macs", "7G", "--block", "robust"}).out;
  line.erase(0, line.find("  architecture:"));
  const std::string sweep =
      "name: scaled\nbase:\n  dataset: cifar10\n  training: bat\n  seed: 0\n" + line +
      "evaluations: [clean]\nresources: { gpus: 0 }\n";
  ASSERT_TRUE(WriteFileDurably(folder.Path() / "sweep.yaml", sweep));
  const CommandResult plan =
      RunArchsweep({"plan", "sweep.yaml", "--format", "json"}, {.folder = folder.Path()});
  ASSERT_EQ(plan.exit_code, 0) << plan.err;
  const auto rows = ParseJson(plan.out);
  ASSERT_TRUE(rows && rows->size() == 1) << plan.out;
  for (const char* key : {"block", "d1", "d2", "d3", "w1", "w2", "w3", "parameters", "macs"}) {
    EXPECT_EQ(rows->front()[key], row[key]) << key;
  }
}

TEST(Scale, TakesNoTime) {
  const auto begin = std::chrono::steady_clock::now();
  RowOf({"--macs", "1T", "--block", "robust"});
  const auto taken = std::chrono::steady_clock::now() - begin;
  // A twentieth of a second on an idle machine; tests share theirs.
  EXPECT_LT(taken, std::chrono::seconds(2));
}

TEST(Scale, ExplainsMistakes) {
  EXPECT_NE(MistakeOf({}).find("--macs, --parameters or both"), std::string::npos);
  EXPECT_NE(MistakeOf({"--macs", "20X"}).find("--macs: '20X' is not a count"), std::string::npos);
  EXPECT_NE(MistakeOf({"--macs", ""}).find("--macs: '' is not a count"), std::string::npos);
  EXPECT_NE(MistakeOf({"--parameters=-5"}).find("--parameters: '-5' is not"), std::string::npos);
  EXPECT_NE(MistakeOf({"--macs", "1k"}).find("macs is 1000;"), std::string::npos);
  EXPECT_NE(MistakeOf({"--macs", "900000T"}).find("have from 31548096"), std::string::npos);
  EXPECT_NE(MistakeOf({"--macs", "20G", "--parameters", "9k"}).find("parameters is 9000;"),
            std::string::npos);
  EXPECT_NE(MistakeOf({"--macs", "20G", "--r-depth", "1.5"}).find("r_depth is 1.5;"),
            std::string::npos);
  EXPECT_NE(MistakeOf({"--macs", "20G", "--r-depth", "deep"}).find("deep"), std::string::npos);
  EXPECT_NE(MistakeOf({"--macs", "20G", "--block", "robst"}).find("did you mean 'robust'?"),
            std::string::npos);
  EXPECT_NE(MistakeOf({"--macs", "20G", "--classes", "0"}).find("--classes"), std::string::npos);
  EXPECT_NE(MistakeOf({"--macs", "20G", "--format", "xml"}).find("xml"), std::string::npos);
}

TEST(Scale, HelpsWithExamples) {
  const CommandResult result = Scale({"--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_NE(result.out.find("Examples:"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace archsweep
