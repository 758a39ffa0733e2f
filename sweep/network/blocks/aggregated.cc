#include "sweep/network/split_bottleneck.h"
#include "sweep/network/squeeze_excitation.h"

namespace archsweep {

BlockType AggregatedBlock() {
  return {.name = "aggregated",
          .summary = "a bottleneck whose 3x3 convolution is in groups (paper, section 1.2)",
          .readings = {{"base_width 60, which gives the parameters of table 1"},
                       {"a normalised projection, as in the bottleneck", "post"}},
          .expansion = kBottleneckExpansion,
          .can_be_post = true,
          .settings = {CardinalitySetting(4), BaseWidthSetting(60), SeSetting(SePlace::kNone),
                       SeReductionSetting(16)},
          .add = AddSplitBottleneck,
          .check = CheckSplitBottleneck};
}

}  // namespace archsweep
