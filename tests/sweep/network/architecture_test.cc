#include "sweep/network/architecture.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/text.h"

namespace archsweep {
namespace {

ArchitectureSpec Of(std::string_view block) {
  return {.block = KnownBlock(block), .depth = 1, .width = 1};
}

std::vector<std::string> ProblemsWith(ArchitectureSpec spec, const SettingValues& settings) {
  spec.settings = settings;
  return Problems(spec);
}

TEST(Architecture, HasThePublishedNetworksByName) {
  const auto spec = ArchitectureByName("robustresnet-a4");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->block, KnownBlock("robust"));
  EXPECT_EQ(spec->depth, (PerStage<int>{27, 28, 13}));
  EXPECT_EQ(spec->width, (PerStage<int>{10, 14, 6}));
  EXPECT_EQ(SettingsOf(*spec, 0).at("base_width"), 10);
  EXPECT_EQ(NamedArchitectures().size(), 31u);
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

TEST(Architecture, EveryBlockCanBeBuiltAsItIs) {
  for (const BlockType& type : BlockTypes()) {
    ArchitectureSpec spec = Of(type.name);
    EXPECT_TRUE(Problems(spec).empty()) << type.name;
    spec.order = LayerOrder::kPost;
    EXPECT_EQ(Problems(spec).empty(), type.can_be_post) << type.name;
    if (!type.can_be_post) continue;
    const Graph graph = BuildGraph(spec, 32, 10);
    const Node& tail = graph.nodes[static_cast<size_t>(graph.output)];
    EXPECT_TRUE(std::holds_alternative<Linear>(tail.operation)) << type.name;
  }
}

TEST(Architecture, NamesEveryImpossibleFieldAtOnce) {
  ArchitectureSpec spec = Of("robust");
  spec.depth = {0, 4, kDepthMax + 1};
  spec.width = {1, kWidthMax + 1, 1};
  spec.kernel = {3, 4, 3};
  spec.order = LayerOrder::kPost;
  spec.settings = {{"scales", 0}, {"base_width", -3}, {"cardinality", 257}, {"se_reduction", 0}};
  const std::set<std::string> expected = {
      "depth of stage 1 is 0; it must be from 1 to 1000",
      "depth of stage 3 is 1001; it must be from 1 to 1000",
      "width of stage 2 is 257; it must be from 1 to 256",
      "kernel of stage 2 is 4; it must be an odd number from 1 to 15",
      "order is post; the block robust is defined for pre only",
      "scales is 0; it must be from 1 to 64",
      "base_width is -3; it must be from 1 to 1000",
      "cardinality is 257; it must be from 1 to 256",
      "se_reduction is 0; it must be from 1 to 65536"};
  const std::vector<std::string> problems = Problems(spec);
  EXPECT_EQ(std::set(problems.begin(), problems.end()), expected);
}

TEST(Architecture, RefusesWhatBlocksCannotBe) {
  EXPECT_EQ(ProblemsWith(Of("robust"), {{"base_width", 9}}),
            std::vector<std::string>{
                "base_width 9 leaves no channel where planes are 16; planes * base_width / 160 "
                "must be at least 1, in stage 1"});
  EXPECT_EQ(ProblemsWith(Of("robust"), {{"se_reduction", 65}}),
            std::vector<std::string>{
                "se_reduction 65 is more than the 64 channels of a block, in stage 1"});
  EXPECT_EQ(ProblemsWith(Of("basic"), {{"se", 2}}).size(), 3u);
  ArchitectureSpec wide = Of("robust");
  wide.width = kWidthMax;
  EXPECT_EQ(ProblemsWith(wide, {{"scales", 64}, {"base_width", 1000}, {"cardinality", 256}}).size(),
            3u);
  ArchitectureSpec inverted = Of("inverted");
  inverted.width = kWidthMax;
  EXPECT_EQ(ProblemsWith(inverted, {{"expand", 64}}).size(), 3u);
}

TEST(Architecture, RefusesGroupNormsThatDoNotDivideTheirChannels) {
  ArchitectureSpec spec = Of("robust");
  spec.norm = NormKind::kGroup;
  const std::vector<std::string> problems = Problems(spec);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].find("norm is group"), 0u) << problems[0];
  EXPECT_NE(problems[0].find("has 4"), std::string::npos) << problems[0];
  spec.width = 2;
  EXPECT_TRUE(Problems(spec).empty());
}

TEST(Architecture, RefusesNumbersThatMixedBlocksReadDifferently) {
  ArchitectureSpec spec = Of("robust");
  spec.block = {KnownBlock("robust"), KnownBlock("robust"), KnownBlock("hierarchical")};
  EXPECT_EQ(Problems(spec).size(), 2u) << "base_width and cardinality";
  spec.settings = {{"base_width", 35}, {"cardinality", 2}};
  EXPECT_TRUE(Problems(spec).empty());
}

TEST(Architecture, MixesBlocksThatAgree) {
  ArchitectureSpec spec = Of("basic");
  spec.block = {KnownBlock("basic"), KnownBlock("robust"), KnownBlock("bottleneck")};
  ASSERT_TRUE(Problems(spec).empty());
  EXPECT_EQ(ToJson(spec)["block"], (Json{"basic", "robust", "bottleneck"}));
  EXPECT_EQ(ToJson(spec)["se_reduction"], 64);
  EXPECT_EQ(BlockText(spec), "basic/robust/bottleneck");
}

TEST(Architecture, IgnoresTheSettingsOfABlockThatIsNotUsed) {
  ArchitectureSpec spec = Of("basic");
  spec.settings = {{"scales", 3}, {"se_reduction", 4}};
  EXPECT_TRUE(Problems(spec).empty());
  EXPECT_EQ(ToJson(spec), ToJson(Of("basic")));
}

TEST(Architecture, ChecksCells) {
  ArchitectureSpec spec = ArchitectureByName("racl").value();
  spec.cells.channels = 7;
  spec.cells.layers = 2;
  EXPECT_EQ(Problems(spec).size(), 2u);
  EXPECT_EQ(Problems(ArchitectureByName("racl").value(), 30).size(), 1u);
  EXPECT_EQ(SizeText(spec), "racl 2 layers of 7 channels");
}

TEST(Architecture, SaysWhatIsThisProjectsReading) {
  EXPECT_TRUE(ReadingsOf(Of("robust")).empty());
  EXPECT_TRUE(ReadingsOf(Of("basic")).empty());
  EXPECT_EQ(ReadingsOf(Of("inverted")).size(), 1u);
  ArchitectureSpec squeezed = Of("basic");
  squeezed.settings = {{"se", 4}};
  EXPECT_EQ(ReadingsOf(squeezed).size(), 1u);
  ArchitectureSpec post = Of("bottleneck");
  post.order = LayerOrder::kPost;
  EXPECT_EQ(ReadingsOf(post).size(), 2u);
}

// Identities that are in databases already.
TEST(Architecture, WritesNetworksThatOlderVersionsKnewAsTheyDid) {
  EXPECT_EQ(ToJson(Of("basic")).dump(),
            R"({"activation":"relu","block":"basic","depth":[1,1,1],"pre_process":false,)"
            R"("width":[1,1,1]})");
  EXPECT_EQ(ToJson(Of("robust")).dump(),
            R"({"activation":"relu","base_width":10,"block":"robust","cardinality":4,)"
            R"("depth":[1,1,1],"pre_process":false,"scales":8,"se_reduction":64,"width":[1,1,1]})");
}

std::vector<ArchitectureSpec> ManySpecs() {
  std::vector<ArchitectureSpec> specs;
  for (const auto& named : NamedArchitectures()) specs.push_back(named.spec);
  for (const BlockType& type : BlockTypes()) specs.push_back(Of(type.name));
  specs.push_back(Of("robust"));
  specs.back().activation = ActivationKind::kSilu;
  specs.back().pre_process = true;
  specs.back().settings = {{"scales", 4},      {"base_width", 64}, {"cardinality", 8},
                           {"conv1_input", 1}, {"se", 1},          {"se_reduction", 16}};
  specs.push_back(Of("bottleneck"));
  specs.back().activation = {ActivationKind::kGelu, ActivationKind::kMish, ActivationKind::kElu};
  specs.back().norm = {NormKind::kLayer, NormKind::kInstance, NormKind::kBatch};
  specs.back().kernel = {3, 5, 7};
  specs.back().order = LayerOrder::kPost;
  specs.back().settings = {{"se", 3}, {"se_reduction", 8}};
  return specs;
}

TEST(Architecture, SurvivesARoundTripThroughJson) {
  for (const ArchitectureSpec& spec : ManySpecs()) {
    const Json json = ToJson(spec);
    const auto read = ParseArchitecture(json);
    ASSERT_TRUE(read) << read.error().message << json;
    EXPECT_EQ(ToJson(*read), json);
    EXPECT_EQ(StateEntries(BuildGraph(*read, 32, 10)).size(),
              StateEntries(BuildGraph(spec, 32, 10)).size());
  }
}

TEST(Architecture, HasADifferentTextForEveryDifferentNetwork) {
  std::set<std::string> texts;
  size_t count = 0;
  for (const ArchitectureSpec& spec : ManySpecs()) {
    texts.insert(ToJson(spec).dump());
    ++count;
  }
  // The plain robust and basic blocks of one width and depth stand there once each.
  EXPECT_EQ(texts.size(), count);
}

TEST(Architecture, RefusesJsonThatItDoesNotUnderstandInFull) {
  const auto error_of = [](const Json& change) {
    Json json = ToJson(Of("basic"));
    json.update(change);
    const auto read = ParseArchitecture(json);
    return read ? std::string("no error") : read.error().message;
  };
  EXPECT_EQ(error_of(Json::object()), "no error");
  EXPECT_EQ(error_of({{"norm", "layer"}}), "no error");
  EXPECT_NE(error_of({{"colour", "red"}}).find("does not know"), std::string::npos);
  EXPECT_NE(error_of({{"scales", 8}}).find("does not know"), std::string::npos);
  EXPECT_NE(error_of({{"se", "none"}}).find("does not know"), std::string::npos);
  EXPECT_NE(error_of({{"se", "everywhere"}}).find("must be one of"), std::string::npos);
  EXPECT_NE(error_of({{"depth", {1, 1, 1, 1}}}).find("not of three"), std::string::npos);
  EXPECT_NE(error_of({{"depth", {1.5, 1, 1}}}).find("1.5 is not an integer"), std::string::npos);
  EXPECT_NE(error_of({{"block", "basik"}}).find("did you mean 'basic'"), std::string::npos);
  EXPECT_NE(error_of({{"depth", "4"}}).find("must be number"), std::string::npos);
  EXPECT_EQ(error_of({{"depth", {0, 1, 1}}}),
            "architecture: depth of stage 1 is 0; it must be from 1 to 1000");
  EXPECT_NE(ParseArchitecture(Json::array()).error().message.find("architecture: "),
            std::string::npos);
}

}  // namespace
}  // namespace archsweep
