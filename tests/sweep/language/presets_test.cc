#include "sweep/language/presets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "sweep/language/expansion.h"
#include "sweep/language/load.h"

namespace archsweep {
namespace {

ExpandedSweep Preset(const std::string& name) {
  auto sweep = LoadSweep(name);
  EXPECT_TRUE(sweep) << sweep.error().message;
  return sweep ? *std::move(sweep) : ExpandedSweep{};
}

int Total(const PerStage<int>& values) { return std::accumulate(values.begin(), values.end(), 0); }

TEST(Presets, HaveTheNetworksThatTheirCommentsSay) {
  const std::map<std::string, size_t> expected = {
      {"depth-grid", 343},      {"width-grid", 512},    {"rd-5g", 18},
      {"rd-20g", 18},           {"block-study", 53},    {"se-study", 36},
      {"activation-study", 48}, {"capacity-study", 72}, {"robust-scaling", 24},
      {"quickstart", 8}};
  EXPECT_EQ(Presets().size(), expected.size());
  for (const auto& [name, text] : Presets()) {
    const ExpandedSweep sweep = Preset(std::string(name));
    EXPECT_EQ(sweep.name, name);
    EXPECT_EQ(sweep.trials.size(), expected.at(std::string(name))) << name;
    const std::string count = std::to_string(sweep.trials.size()) + " networks";
    const bool says = text.find(count) != std::string_view::npos || name == "quickstart";
    EXPECT_TRUE(says || text.find("(343)") != std::string_view::npos) << name << " " << count;
  }
}

// Paper, sections 4.1 and 4.2.
TEST(Presets, OfTheGridsHaveThePublishedNumberOfNetworksInEveryLevel) {
  const std::map<int, int> depths = {
      {6, 1},   {7, 3},   {8, 6},   {9, 10},  {10, 12}, {11, 15}, {12, 16}, {13, 18}, {14, 21},
      {15, 22}, {16, 27}, {17, 24}, {18, 27}, {19, 21}, {20, 21}, {21, 19}, {22, 15}, {23, 18},
      {24, 9},  {25, 15}, {26, 3},  {27, 10}, {29, 6},  {31, 3},  {33, 1}};
  const std::map<int, int> widths = {{12, 1},  {14, 3},  {16, 6},  {18, 10}, {20, 15}, {22, 21},
                                     {24, 28}, {26, 33}, {28, 39}, {30, 43}, {32, 45}, {34, 45},
                                     {36, 43}, {38, 39}, {40, 36}, {42, 28}, {44, 24}, {46, 18},
                                     {48, 13}, {50, 9},  {52, 6},  {54, 3},  {56, 3},  {60, 1}};
  std::map<int, int> found;
  for (const SweepTrial& trial : Preset("depth-grid").trials) {
    ++found[Total(trial.spec.architecture.depth)];
  }
  EXPECT_EQ(found, depths);
  found.clear();
  for (const SweepTrial& trial : Preset("width-grid").trials) {
    ++found[Total(trial.spec.architecture.width)];
  }
  EXPECT_EQ(found, widths);
}

// Paper, section 4.4: the nominal ratios, and budgets missed by 7 % at most.
TEST(Presets, OfTheRatiosKeepTheirBudget) {
  for (const auto& [name, budget] :
       {std::pair<const char*, double>("rd-5g", 5e9), {"rd-20g", 20e9}}) {
    std::set<std::string> networks;
    for (const SweepTrial& trial : Preset(name).trials) {
      EXPECT_NEAR(static_cast<double>(trial.macs) / budget, 1, 0.07);
      networks.insert(SizeText(trial.spec.architecture));
    }
    EXPECT_EQ(networks.size(), 9u);
  }
}

TEST(Presets, OfTheCapacitiesHaveThreeSeedsAndTwoDataSets) {
  std::map<std::string, int> of_dataset;
  std::set<uint64_t> seeds;
  for (const SweepTrial& trial : Preset("capacity-study").trials) {
    ++of_dataset[trial.spec.dataset.name];
    seeds.insert(trial.spec.seed);
  }
  EXPECT_EQ(of_dataset, (std::map<std::string, int>{{"cifar10", 36}, {"cifar100", 36}}));
  EXPECT_EQ(seeds, (std::set<uint64_t>{0, 1, 2}));
}

// Paper, section 4.1.
TEST(Presets, OfTheDepthsAreThePublishedNetworks) {
  const ExpandedSweep sweep = Preset("depth-grid");
  ASSERT_EQ(sweep.trials.size(), 343u);
  EXPECT_EQ(sweep.evaluations.size(), 2058u);
  EXPECT_EQ(sweep.resources.gpus, 1);
  EXPECT_EQ(ToHex(sweep.trials.front().id), "5fe2e49ac915416c1372cbb57f6b3007");
  EXPECT_EQ(ToHex(sweep.trials.back().id), "2503fa53d6aa583bef1f538be54be3c4");
  const auto [least, most] = std::ranges::minmax(sweep.trials, {}, &SweepTrial::macs);
  EXPECT_NEAR(static_cast<double>(least.macs) / 1e9, 1.549, 0.0005);
  EXPECT_NEAR(static_cast<double>(most.macs) / 1e9, 9.707, 0.0005);
  EXPECT_NEAR(static_cast<double>(least.parameters) / 1e6, 10.96, 0.005);
  EXPECT_NEAR(static_cast<double>(most.parameters) / 1e6, 66.73, 0.005);
}

// Paper, section 4.2.
TEST(Presets, OfTheWidthsAreThePublishedNetworks) {
  const ExpandedSweep sweep = Preset("width-grid");
  ASSERT_EQ(sweep.trials.size(), 512u);
  EXPECT_EQ(ToHex(sweep.trials.front().id), "19110fe5ebfb97496705fc94505ce05e");
  EXPECT_EQ(ToHex(sweep.trials.back().id), "9be649cf1626ef4d76f8e5ae3e94ff91");
  const auto [least, most] = std::ranges::minmax(sweep.trials, {}, &SweepTrial::macs);
  EXPECT_NEAR(static_cast<double>(least.macs) / 1e9, 0.847, 0.0005);
  EXPECT_NEAR(static_cast<double>(most.macs) / 1e9, 20.92, 0.005);
  EXPECT_NEAR(static_cast<double>(least.parameters) / 1e6, 5.85, 0.005);
  EXPECT_NEAR(static_cast<double>(most.parameters) / 1e6, 145.8, 0.05);
}

TEST(Presets, OfTheQuickstartIsTheExample) {
  const ExpandedSweep preset = Preset("quickstart");
  EXPECT_EQ(preset.trials.size(), 8u);
  EXPECT_EQ(preset.evaluations.size(), 16u);
  EXPECT_EQ(preset.resources.gpus, 0);
  EXPECT_EQ(Preset(ARCHSWEEP_SOURCE_DIR "/examples/quickstart.yaml").text, preset.text);
}

// Identities are in databases for ever.
TEST(Presets, KeepTheirIdentities) {
  const std::map<std::string, std::string> golden = {
      {"activation-study", "7bcc7331a8bf6ee221364836ec0420b1"},
      {"block-study", "edff4877ca45a9b114c18f5ccc4130d6"},
      {"capacity-study", "2d3705e5d5d13205267d03ea630f9cfd"},
      {"rd-20g", "18de41c46c875291c807053e42debcde"},
      {"rd-5g", "00aea060e72f13b7529aca847da94f45"},
      {"robust-scaling", "30aa4bdc9f5b79ff929a63c8168f30d2"},
      {"se-study", "665c0fdf65d21cafc50d113e33739dec"},
  };
  for (const auto& [name, id] : golden) {
    EXPECT_EQ(ToHex(Preset(name).trials.back().id), id) << name;
  }
}

}  // namespace
}  // namespace archsweep
