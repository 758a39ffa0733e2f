#include "sweep/network/split_bottleneck.h"
#include "sweep/network/squeeze_excitation.h"

namespace archsweep {

BlockType BottleneckBlock() {
  return {.name = "bottleneck",
          .summary = "1x1 to planes, 3x3, 1x1 to 4 times planes (paper, section 1.2)",
          .readings = {{"He et al. 2016, with a normalised projection", "post"},
                       {"identity stands on shortcuts that are the identity only, and conv3x3 "
                        "counts its hidden channels from those of the block",
                        "se"}},
          .expansion = kBottleneckExpansion,
          .can_be_post = true,
          .settings = {SeSetting(SePlace::kNone), SeReductionSetting(16)},
          .add = AddSplitBottleneck,
          .check = CheckSplitBottleneck};
}

}  // namespace archsweep
