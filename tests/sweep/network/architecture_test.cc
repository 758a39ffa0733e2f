#include "sweep/network/architecture.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace archsweep {
namespace {

ArchitectureSpec Basic() { return {.depth = {1, 1, 1}, .width = {1, 1, 1}}; }

ArchitectureSpec Robust() {
  ArchitectureSpec spec = Basic();
  spec.block = BlockKind::kRobust;
  return spec;
}

TEST(Architecture, HasThePublishedNetworksByName) {
  const auto spec = ArchitectureByName("robustresnet-a4");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->block, BlockKind::kRobust);
  EXPECT_EQ(spec->depth, (std::array{27, 28, 13}));
  EXPECT_EQ(spec->width, (std::array{10, 14, 6}));
  EXPECT_EQ(spec->robust, (RobustBlockSpec{8, 10, 4, 64}));
  EXPECT_EQ(NamedArchitectures().size(), 13u);
}

TEST(Architecture, SuggestsTheNearestName) {
  const auto spec = ArchitectureByName("wrn-28-11");
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().kind, ErrorKind::kInvalidInput);
  EXPECT_NE(
      spec.error().message.find("unknown architecture 'wrn-28-11' (did you mean 'wrn-28-10'?)"),
      std::string::npos)
      << spec.error().message;
}

TEST(Architecture, EveryPublishedNetworkCanBeBuilt) {
  for (const auto& [name, spec] : NamedArchitectures()) EXPECT_TRUE(Problems(spec).empty()) << name;
}

TEST(Architecture, NamesEveryImpossibleFieldAtOnce) {
  ArchitectureSpec spec = Robust();
  spec.depth = {0, 4, kDepthMax + 1};
  spec.width = {1, kWidthMax + 1, 1};
  spec.robust = {.scales = 0, .base_width = -3, .cardinality = 257, .se_reduction = 0};
  EXPECT_EQ(Problems(spec),
            (std::vector<std::string>{"depth of stage 1 is 0; it must be from 1 to 1000",
                                      "depth of stage 3 is 1001; it must be from 1 to 1000",
                                      "width of stage 2 is 257; it must be from 1 to 256",
                                      "scales is 0; it must be from 1 to 64",
                                      "base_width is -3; it must be from 1 to 1000",
                                      "cardinality is 257; it must be from 1 to 256",
                                      "se_reduction is 0; it must be from 1 to 65536"}));
}

TEST(Architecture, RefusesABlockWithoutChannels) {
  ArchitectureSpec spec = Robust();
  spec.robust.base_width = 9;
  const std::vector<std::string> problems = Problems(spec);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(
      problems[0],
      "base_width 9 leaves no channel in stage 1, whose planes are 16; planes * base_width / 160 "
      "must be at least 1");
}

TEST(Architecture, RefusesASqueezeWithoutChannels) {
  ArchitectureSpec spec = Robust();
  spec.robust.se_reduction = 65;
  ASSERT_EQ(Problems(spec).size(), 1u);
  EXPECT_EQ(Problems(spec)[0], "se_reduction 65 is more than the 64 channels of stage 1");
}

TEST(Architecture, RefusesMoreInnerChannelsThanItCanCount) {
  ArchitectureSpec spec = Robust();
  spec.width = {kWidthMax, kWidthMax, kWidthMax};
  spec.robust = {.scales = kScalesMax, .base_width = kBaseWidthMax, .cardinality = kCardinalityMax};
  EXPECT_EQ(Problems(spec).size(), 3u);
}

TEST(Architecture, IgnoresTheSettingsOfABlockThatIsNotUsed) {
  ArchitectureSpec spec = Basic();
  spec.robust.scales = 0;
  EXPECT_TRUE(Problems(spec).empty());
  EXPECT_EQ(ToJson(spec), ToJson(Basic()));
}

TEST(Architecture, SurvivesARoundTripThroughJson) {
  std::vector<ArchitectureSpec> specs;
  for (const auto& named : NamedArchitectures()) specs.push_back(named.spec);
  specs.push_back(Robust());
  specs.back().activation = ActivationKind::kSilu;
  specs.back().pre_process = true;
  specs.back().robust = {.scales = 4, .base_width = 64, .cardinality = 8, .se_reduction = 16};
  for (const ArchitectureSpec& spec : specs) {
    const auto read = ParseArchitecture(ToJson(spec));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, spec);
  }
}

TEST(Architecture, RefusesJsonThatItDoesNotUnderstandInFull) {
  const auto error_of = [](const Json& change) {
    Json json = ToJson(Basic());
    json.update(change);
    const auto read = ParseArchitecture(json);
    return read ? std::string("no error") : read.error().message;
  };
  EXPECT_EQ(error_of(Json::object()), "no error");
  EXPECT_NE(error_of({{"norm", "layer"}}).find("does not know"), std::string::npos);
  EXPECT_NE(error_of({{"scales", 8}}).find("does not know"), std::string::npos);
  EXPECT_NE(error_of({{"depth", {1, 1, 1, 1}}}).find("does not know"), std::string::npos);
  EXPECT_NE(error_of({{"depth", {1.5, 1, 1}}}).find("does not know"), std::string::npos);
  EXPECT_NE(error_of({{"block", "basik"}}).find("did you mean 'basic'"), std::string::npos);
  EXPECT_NE(error_of({{"depth", "4"}}).find("must be array"), std::string::npos);
  EXPECT_EQ(error_of({{"depth", {0, 1, 1}}}),
            "architecture: depth of stage 1 is 0; it must be from 1 to 1000");
  EXPECT_NE(ParseArchitecture(Json::array()).error().message.find("architecture: "),
            std::string::npos);
}

}  // namespace
}  // namespace archsweep
