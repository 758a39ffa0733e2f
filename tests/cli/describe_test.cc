#include <gtest/gtest.h>

#include <string>

#include "base/json.h"
#include "tests/cli/command.h"

namespace archsweep {
namespace {

Json Describe(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "describe");
  arguments.insert(arguments.end(), {"--format", "json"});
  const CommandResult result = RunArchsweep(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto json = ParseJson(result.out);
  EXPECT_TRUE(json) << result.out;
  return json.value_or(Json());
}

std::string MistakeOf(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "describe");
  const CommandResult result = RunArchsweep(arguments);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  return result.err;
}

TEST(Describe, GivesThePublishedNumbers) {
  EXPECT_EQ(Describe({"wrn-28-10"})["parameters"].dump(), "36479194");
  EXPECT_EQ(Describe({"wrn-28-10", "--classes", "100"})["parameters"].dump(), "36536884");
  const Json robust = Describe({"robustresnet-a1"});
  EXPECT_EQ(robust["parameters"].dump(), "19222738");
  EXPECT_EQ(robust["macs"].dump().substr(0, 5), "51052");
}

TEST(Describe, BuildsWhatAMapSays) {
  const Json named = Describe({"wrn-28-10"});
  EXPECT_EQ(Describe({"{depth: [4, 4, 4], width: 10}"}), named);
  EXPECT_EQ(Describe({"{name: wrn-34-12, depth: 4, width: 10}"}), named);
  EXPECT_NE(Describe({"{name: wrn-28-10, activation: silu}"}), named);
  EXPECT_EQ(Describe({"{block: robust, depth: [14, 14, 7], width: [5, 7, 3], scales: 8, "
                      "base_width: 10, cardinality: 4, se_reduction: 64}"}),
            Describe({"robustresnet-a1"}));
}

TEST(Describe, MarksReadings) {
  EXPECT_EQ(Describe({"wrn-28-10"})["readings"].size(), 0u);
  const CommandResult result =
      RunArchsweep({"describe", "{block: inverted, order: post, depth: 1, width: 1}"});
  EXPECT_NE(result.out.find("This project's reading"), std::string::npos) << result.out;
}

TEST(Describe, PrintsALineForEachLayer) {
  const CommandResult result = RunArchsweep({"describe", "robustresnet-a1"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_NE(result.out.find("blocks.0.layer.0.conv2.6"), std::string::npos);
  EXPECT_NE(result.out.find("  dead\n"), std::string::npos);
  EXPECT_NE(result.out.find("19222738 parameters"), std::string::npos);
}

TEST(Describe, TakesOtherImageSizes) {
  const Json small = Describe({"wrn-28-10"});
  const Json large = Describe({"wrn-28-10", "--image-size", "64"});
  EXPECT_EQ(small["parameters"], large["parameters"]);
  EXPECT_GT(large["macs"], 3 * small["macs"].get<int64_t>());
}

TEST(Describe, ExplainsMistakes) {
  EXPECT_NE(MistakeOf({"wrn-28-1"}).find("did you mean 'wrn-28-10'?"), std::string::npos);
  EXPECT_NE(MistakeOf({}).find("architecture is required"), std::string::npos);
  EXPECT_NE(MistakeOf({"{depth: [4, 4], width: 1}"}).find("a list of 3"), std::string::npos);
  EXPECT_NE(MistakeOf({"{depth: 0, width: 1}"}).find("depth of stage 1 is 0"), std::string::npos);
  EXPECT_NE(MistakeOf({"{name: wrn-28-10, scales: 4}"}).find("has no effect"), std::string::npos);
  EXPECT_NE(MistakeOf({"{depth: four, width: 1}"}).find("four"), std::string::npos);
  EXPECT_NE(MistakeOf({"wrn-28-10", "--classes", "0"}).find("--classes"), std::string::npos);
  EXPECT_NE(MistakeOf({"wrn-28-10", "--format", "csv"}).find("csv"), std::string::npos);
}

TEST(Schema, IsJson) {
  const CommandResult result = RunArchsweep({"schema"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(ParseJson(result.out)) << result.err;
}

TEST(Archsweep, NamesWhatItWasBuiltOf) {
  const CommandResult result = RunArchsweep({"--version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(result.out.starts_with("archsweep ")) << result.out;
  EXPECT_NE(result.out.find("git "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("yaml-cpp 0.7"), std::string::npos) << result.out;
}

TEST(Archsweep, HelpsOnStdoutAndWithExamples) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, {"plan", "--help"}, {"describe", "--help"}}) {
    const CommandResult result = RunArchsweep(arguments);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_NE(result.out.find("Examples:"), std::string::npos) << result.out;
    EXPECT_EQ(result.err, "");
  }
}

TEST(Archsweep, EndsWithTwoOnWrongUse) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"frobnicate"}, {"plan", "--frobnicate", "quickstart"}}) {
    const CommandResult result = RunArchsweep(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err, "");
  }
}

}  // namespace
}  // namespace archsweep
