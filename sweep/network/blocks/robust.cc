#include "sweep/network/split_bottleneck.h"
#include "sweep/network/squeeze_excitation.h"

namespace archsweep {

BlockType RobustBlock() {
  return {.name = "robust",
          .summary =
              "RobustResBlock: a hierarchically aggregated bottleneck with residual squeeze "
              "and excitation (paper, section 1.3)",
          .expansion = kBottleneckExpansion,
          .settings = {ScalesSetting(8), BaseWidthSetting(10), CardinalitySetting(4),
                       SeSetting(SePlace::kResidual), SeReductionSetting(64),
                       Conv1InputSetting(Conv1Input::kRaw)},
          .add = AddSplitBottleneck,
          .check = CheckSplitBottleneck};
}

}  // namespace archsweep
