#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/text.h"
#include "sweep/network/cost.h"

// The 39 rows of the publications that state parameters and multiply-accumulates (paper, section
// 3.2): 31 are met in both columns to the printed digit, 8 are not, each for a known reason.

namespace archsweep {
namespace {

struct PublishedRow {
  const char* name;
  ArchitectureSpec spec;
  const char* parameters;  // Millions, as printed.
  const char* macs;        // Billions, as printed.
  // Where the printed figure is not that of the network: what is computed, and why.
  const char* computed_parameters = "";
  const char* computed_macs = "";
  const char* reason = "";
};

ArchitectureSpec Named(const char* name) { return ArchitectureByName(name).value(); }

ArchitectureSpec Uniform(const char* block, int depth, int width, SettingValues settings = {}) {
  return {
      .block = KnownBlock(block), .depth = depth, .width = width, .settings = std::move(settings)};
}

// Words of the setting "se".
constexpr int kStandard = 1;
constexpr int kConv3x3 = 2;
constexpr int kIdentity = 3;
constexpr int kResidual = 4;

constexpr char kPadded[] = "rounded to one decimal and padded with a zero";
constexpr char kStale[] = "belongs to an earlier choice of depth and width";

std::vector<PublishedRow> Rows() {
  return {
      {"T2 WRN-28-10", Named("wrn-28-10"), "36.5", "5.20", "", "5.2456", kPadded},
      {"T2 WRN-34-12", Named("wrn-34-12"), "66.5", "9.60", "", "9.5858", kPadded},
      {"T2 WRN-46-14", Named("wrn-46-14"), "128", "18.6"},
      {"T2 WRN-70-16", Named("wrn-70-16"), "267", "38.8"},
      {"T2 WRN-34-R", Named("wrn-34-r"), "68.1", "19.1"},
      {"T2 RobNet-large-v2", Named("robnet-large-v2"), "33.3", "5.10", "", "5.0948", kPadded},
      {"T2 AdvRush", Named("advrush"), "32.6", "4.97"},
      {"T2 RACL", Named("racl"), "32.5", "4.93"},
      {"T2 RobustResNet-A1", Named("robustresnet-a1"), "19.2", "5.11"},
      {"T2 RobustResNet-A2", Named("robustresnet-a2"), "39.0", "10.8"},
      {"T2 RobustResNet-A3", Named("robustresnet-a3"), "75.9", "19.9"},
      {"T2 RobustResNet-A4", Named("robustresnet-a4"), "147", "39.4"},
      {"README2 WRN-A1", Named("wrn-a1"), "17.7", "5.09", "18.708", "5.0810", kStale},
      {"README2 WRN-A2", Named("wrn-a2"), "39.3", "9.74", "38.323", "10.8429", kStale},
      {"README2 WRN-A3", Named("wrn-a3"), "74.8", "20.3", "75.302", "20.2259", kStale},
      {"README2 WRN-A4", Named("wrn-a4"), "147", "40.4"},
      {"README2 D 5G", Named("wrn-depth-5g"), "24.0", "5.25"},
      {"README2 W 5G", Named("wrn-width-5g"), "24.5", "5.71"},
      {"README2 D 10G", Named("wrn-depth-10g"), "48.5", "9.59"},
      {"README2 W 10G", Named("wrn-width-10g"), "44.4", "10.5"},
      {"README2 D 20G", Named("wrn-depth-20g"), "90.4", "18.6"},
      {"README2 W 20G", Named("wrn-width-20g"), "81.7", "20.4"},
      {"README2 D 40G as printed",
       {.depth = {14, 13, 11}, .width = 16},
       "185",
       "38.8",
       "279.780",
       "44.8162",
       "the depth of stage 3 is a misprint for 6, whose figures these are"},
      {"README2 W 40G", Named("wrn-width-40g"), "170", "42.7"},
      {"README1 RRB D=4 W=10", Uniform("robust", 4, 10), "39.6", "6.00"},
      {"README1 RRB D=5 W=12", Uniform("robust", 5, 12), "70.5", "10.6"},
      {"README1 RRB D=7 W=14", Uniform("robust", 7, 14), "133", "19.6"},
      {"README1 RRB D=11 W=16", Uniform("robust", 11, 16), "270", "39.3"},
      {"T1 Basic", Uniform("basic", 11, 16), "267", "38.8"},
      {"T1 Bottle", Uniform("bottleneck", 11, 16), "265", "39.0"},
      {"T1 Aggr", Uniform("aggregated", 11, 16), "265", "39.4", "", "39.3227",
       "no base width gives both figures; a printing error of 0.2 %"},
      {"T1 Hier", Uniform("hierarchical", 11, 16, {{"cardinality", 4}, {"base_width", 10}}), "262",
       "39.3"},
      {"T1 SE", Uniform("robust", 11, 16), "270", "39.3"},
      {"F5d without SE", Uniform("bottleneck", 11, 16), "265", "39.0"},
      {"F5d standard", Uniform("bottleneck", 11, 16, {{"se", kStandard}}), "296", "39.1"},
      {"F5d 3x3", Uniform("bottleneck", 11, 16, {{"se", kConv3x3}}), "273", "39.1"},
      {"F5d identity", Uniform("bottleneck", 11, 16, {{"se", kIdentity}}), "293", "39.1"},
      {"F5d residual 16", Uniform("bottleneck", 11, 16, {{"se", kResidual}}), "296", "39.1"},
      {"F5d residual 64", Uniform("bottleneck", 11, 16, {{"se", kResidual}, {"se_reduction", 64}}),
       "273", "39.1"},
  };
}

// The count in units, with as many decimals as `like` has.
std::string PrintedLike(std::string_view like, int64_t count, double unit) {
  const size_t dot = like.find('.');
  const size_t decimals = dot == std::string_view::npos ? 0 : like.size() - dot - 1;
  return Format("{:.{}f}", static_cast<double>(count) / unit, decimals);
}

class Published : public testing::TestWithParam<PublishedRow> {};

TEST_P(Published, RowIsMetToThePrintedDigitOrIsOfAnotherNetwork) {
  const PublishedRow& row = GetParam();
  const Cost cost = CostOf(BuildGraph(row.spec, 32, 10));
  const auto compare = [&](const char* published, const char* computed, int64_t count,
                           double unit) {
    if (*computed == '\0') {
      EXPECT_EQ(PrintedLike(published, count, unit), published);
      return;
    }
    EXPECT_NE(PrintedLike(published, count, unit), published) << row.reason;
    EXPECT_EQ(PrintedLike(computed, count, unit), computed) << row.reason;
  };
  compare(row.parameters, row.computed_parameters, cost.parameters, 1e6);
  compare(row.macs, row.computed_macs, cost.macs, 1e9);
}

INSTANTIATE_TEST_SUITE_P(Section32, Published, testing::ValuesIn(Rows()), [](const auto& row) {
  std::string name;
  for (const char c : std::string_view(row.param.name)) {
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
  }
  return name;
});

TEST(PublishedRows, AreThirtyNineOfWhichEightAreOfOtherNetworks) {
  size_t others = 0;
  for (const PublishedRow& row : Rows()) {
    const bool is_other = *row.computed_parameters != '\0' || *row.computed_macs != '\0';
    EXPECT_EQ(is_other, *row.reason != '\0') << row.name;
    others += is_other;
  }
  EXPECT_EQ(Rows().size(), 39u);
  EXPECT_EQ(others, 8u);
}

}  // namespace
}  // namespace archsweep
