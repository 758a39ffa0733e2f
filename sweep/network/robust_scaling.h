#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "sweep/network/architecture.h"
#include "sweep/network/cost.h"

namespace archsweep {

// RobustScaling (paper, section 4.5): the network of a given size that spends it in the proportions
// found most robust. Its depth total, the blocks of all stages, is spread over them as 2:2:1, and
// its width total, the sum of their widening factors, as 2:2.5:1. The ratio of the two is
// r_depth = depth total / (depth total + width total).

inline constexpr double kPublishedDepthRatio = 0.7;

// How far the ratio of a network may lie from the one asked for. Totals are whole numbers: from one
// depth total to the next the ratio moves by about (1 - r)^2 / width total. For every stage to have
// a block the totals must be at least 5 and 3, and from there on half of that step is below 1/40,
// whatever r: within this bound every width total that calls for 5 blocks or more has a depth
// total, and so there is always something to choose from. The six published networks keep it too;
// the farthest, with totals 42 and 20, lies 0.0226 from 0.7.
inline constexpr double kDepthRatioSlack = 0.025;

enum class ScalingSource {
  kPublished,  // "published": one of the six networks of the paper.
  kRule,       // "rule": found by search.
};

std::string_view NameOf(ScalingSource source);

// What is sought. At least one of `macs` and `parameters` is given (asserted).
struct ScalingTarget {
  // For one image, in the convention of Cost. To be come close to, from either side.
  std::optional<int64_t> macs;
  // To be come close to where `macs` is not given. Where it is, the most that is allowed: for two
  // sizes of one network cannot both be chosen once its ratio is.
  std::optional<int64_t> parameters;
  const BlockType* block = KnownBlock("basic");
  double r_depth = kPublishedDepthRatio;  // Read to the millionth.
  int image_size = 32;                    // Pixels a side, at least 1.
  int classes = 10;                       // At least 1.
};

struct ScaledNetwork {
  ArchitectureSpec spec;
  Cost cost;
  double r_depth = 0;  // The ratio of its totals.
  ScalingSource source = ScalingSource::kRule;
};

// The published network where there is one: for 5, 10, 15, 20, 30 or 40 G MACs at ratio 0.7 and an
// image size of 32, with basic or robust blocks and any number of classes, if the parameters are
// allowed. Otherwise, of all pairs of totals whose ratio lies within kDepthRatioSlack of r_depth,
// the one whose network comes closest to the target; of equals the one of the smaller width total,
// then of the smaller depth total. Takes some 50 ms at most, whatever the target.
//
// kInvalidInput, with the possible range, if r_depth does not lie between 0 and 1, if the target
// lies outside of what those pairs of totals give, or if none of them is as small as `parameters`.
Result<ScaledNetwork> ScaleRobustly(const ScalingTarget& target);

}  // namespace archsweep
