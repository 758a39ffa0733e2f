#include "sweep/network/robust_scaling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

using Stages = PerStage<int>;

struct Totals {
  int depth = 0;
  int width = 0;
};

struct PublishedScaling {
  int64_t macs = 0;  // The budget that the network stands for; its own MACs differ by up to 8 %.
  Totals totals;
};

// No criterion selects all six, so they are a table (paper, section 4.5).
constexpr int64_t kGiga = 1'000'000'000;
constexpr PublishedScaling kPublished[] = {
    {5 * kGiga, {35, 15}},  {10 * kGiga, {42, 20}}, {15 * kGiga, {50, 21}},
    {20 * kGiga, {55, 24}}, {30 * kGiga, {62, 27}}, {40 * kGiga, {68, 30}},
};
constexpr int kPublishedImageSize = 32;

// Ratios are counted in millionths: whole numbers leave no doubt about what lies on a bound.
constexpr int64_t kMillion = 1'000'000;
int64_t Millionths(double ratio) { return std::llround(ratio * static_cast<double>(kMillion)); }

// The roundings that give all published networks (paper, section 4.5): round(0.4 total),
// floor(0.2 total) and the rest.
constexpr Stages SplitDepth(int total) {
  const int first = (4 * total + 5) / 10;
  const int last = total / 5;
  return {first, total - first - last, last};
}

// floor(2 total / 5.5), ceil(total / 5.5) and the rest.
constexpr Stages SplitWidth(int total) {
  const int first = 4 * total / 11;
  const int last = (2 * total + 10) / 11;
  return {first, total - first - last, last};
}

constexpr bool AllFrom1To(int max, const Stages& stages) {
  return std::ranges::all_of(stages, [max](int value) { return 1 <= value && value <= max; });
}

// The totals of which every stage gets at least one and at most kDepthMax or kWidthMax.
constexpr int kDepthTotalMin = 5;
constexpr int kDepthTotalMax = 2500;
constexpr int kWidthTotalMin = 3;
constexpr int kWidthTotalMax = 564;
static_assert(AllFrom1To(kDepthMax, SplitDepth(kDepthTotalMin)));
static_assert(AllFrom1To(kDepthMax, SplitDepth(kDepthTotalMax)));
static_assert(!AllFrom1To(kDepthMax, SplitDepth(kDepthTotalMin - 1)));
static_assert(!AllFrom1To(kDepthMax, SplitDepth(kDepthTotalMax + 1)));
static_assert(AllFrom1To(kWidthMax, SplitWidth(kWidthTotalMin)));
static_assert(AllFrom1To(kWidthMax, SplitWidth(kWidthTotalMax)));
static_assert(!AllFrom1To(kWidthMax, SplitWidth(kWidthTotalMin - 1)));
static_assert(!AllFrom1To(kWidthMax, SplitWidth(kWidthTotalMax + 1)));

// Both ends included; empty if first > last.
struct DepthRange {
  int first = 0;
  int last = 0;
};

// The depth totals that this width total allows: lowest <= depth / (depth + width) <= highest.
DepthRange AllowedDepths(int width, double r_depth) {
  const int64_t lowest = std::max<int64_t>(0, Millionths(r_depth) - Millionths(kDepthRatioSlack));
  const int64_t highest = Millionths(r_depth) + Millionths(kDepthRatioSlack);
  const int64_t least = (lowest * width + kMillion - lowest - 1) / (kMillion - lowest);
  const int64_t most =
      highest < kMillion ? highest * width / (kMillion - highest) : int64_t{kDepthTotalMax};
  return {.first = static_cast<int>(std::max<int64_t>(least, kDepthTotalMin)),
          .last = static_cast<int>(std::min<int64_t>(most, kDepthTotalMax))};
}

// What the search has seen.
struct Search {
  std::optional<Totals> closest;
  uint64_t distance = std::numeric_limits<uint64_t>::max();
  Cost least = {.parameters = std::numeric_limits<int64_t>::max(),
                .macs = std::numeric_limits<int64_t>::max()};
  Cost most;
};

// Without overflow, whatever the two are.
uint64_t Distance(int64_t a, int64_t b) {
  return static_cast<uint64_t>(std::max(a, b)) - static_cast<uint64_t>(std::min(a, b));
}

void Visit(const ScalingTarget& target, const Totals& totals, const Cost& cost, Search& search) {
  search.least.macs = std::min(search.least.macs, cost.macs);
  search.least.parameters = std::min(search.least.parameters, cost.parameters);
  search.most.macs = std::max(search.most.macs, cost.macs);
  search.most.parameters = std::max(search.most.parameters, cost.parameters);
  if (target.macs && target.parameters && cost.parameters > *target.parameters) return;
  const uint64_t distance = target.macs ? Distance(cost.macs, *target.macs)
                                        : Distance(cost.parameters, *target.parameters);
  if (distance >= search.distance) return;
  search.closest = totals;
  search.distance = distance;
}

Search SearchAll(const ScalingTarget& target) {
  Search search;
  for (int width = kWidthTotalMin; width <= kWidthTotalMax; ++width) {
    const DepthRange depths = AllowedDepths(width, target.r_depth);
    if (depths.first > depths.last) continue;
    const ArchitectureSpec spec = {.block = target.block, .width = SplitWidth(width)};
    const CostByDepth costs(spec, target.image_size, target.classes);
    for (int depth = depths.first; depth <= depths.last; ++depth) {
      Visit(target, {.depth = depth, .width = width}, costs.At(SplitDepth(depth)), search);
    }
  }
  return search;
}

ScaledNetwork MakeNetwork(const ScalingTarget& target, const Totals& totals, ScalingSource source) {
  const ArchitectureSpec spec = {
      .block = target.block, .depth = SplitDepth(totals.depth), .width = SplitWidth(totals.width)};
  return {.spec = spec,
          .cost = CostByDepth(spec, target.image_size, target.classes).At(spec.depth),
          .r_depth = static_cast<double>(totals.depth) / (totals.depth + totals.width),
          .source = source};
}

std::optional<ScaledNetwork> FindPublished(const ScalingTarget& target) {
  if (!target.macs || target.image_size != kPublishedImageSize) return std::nullopt;
  if (target.block != KnownBlock("basic") && target.block != KnownBlock("robust")) {
    return std::nullopt;
  }
  if (Millionths(target.r_depth) != Millionths(kPublishedDepthRatio)) return std::nullopt;
  const auto* const published =
      std::ranges::find(kPublished, *target.macs, &PublishedScaling::macs);
  if (published == std::end(kPublished)) return std::nullopt;
  ScaledNetwork network = MakeNetwork(target, published->totals, ScalingSource::kPublished);
  if (target.parameters && network.cost.parameters > *target.parameters) return std::nullopt;
  return network;
}

tl::unexpected<Error> OutOfReach(const char* key, int64_t value, int64_t least, int64_t most,
                                 const ScalingTarget& target) {
  const auto both_ways = [](int64_t count) {
    return Format("{} ({})", count, HumanCount(static_cast<double>(count)));
  };
  return Fail(ErrorKind::kInvalidInput,
              Format("{} is {}; networks of {} blocks with r_depth within {} of {}, for images of "
                     "{} pixels a side, have from {} to {}; choose a value between, or another "
                     "r_depth",
                     key, value, target.block->name, kDepthRatioSlack, target.r_depth,
                     target.image_size, both_ways(least), both_ways(most)));
}

Status CheckReach(const ScalingTarget& target, const Search& search) {
  const Cost& least = search.least;
  const Cost& most = search.most;
  if (target.macs && (*target.macs < least.macs || *target.macs > most.macs)) {
    return OutOfReach("macs", *target.macs, least.macs, most.macs, target);
  }
  if (!target.parameters) return {};
  const bool too_many = !target.macs && *target.parameters > most.parameters;
  if (*target.parameters < least.parameters || too_many) {
    return OutOfReach("parameters", *target.parameters, least.parameters, most.parameters, target);
  }
  return {};
}

}  // namespace

std::string_view NameOf(ScalingSource source) {
  switch (source) {
    case ScalingSource::kPublished:
      return "published";
    case ScalingSource::kRule:
      return "rule";
  }
  return "";
}

Result<ScaledNetwork> ScaleRobustly(const ScalingTarget& target) {
  CHECK(target.macs || target.parameters);
  const bool is_ratio = target.r_depth > 0 && target.r_depth < 1;  // Not so for what is no number.
  if (!is_ratio) {
    return Fail(ErrorKind::kInvalidInput,
                Format("r_depth is {}; it is a ratio and must lie between 0 and 1, such as {}",
                       target.r_depth, kPublishedDepthRatio));
  }
  if (const auto published = FindPublished(target)) return *published;
  const Search search = SearchAll(target);
  TRY(CheckReach(target, search));
  return MakeNetwork(target, search.closest.value(), ScalingSource::kRule);
}

}  // namespace archsweep
