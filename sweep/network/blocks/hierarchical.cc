#include "sweep/network/split_bottleneck.h"
#include "sweep/network/squeeze_excitation.h"

namespace archsweep {

BlockType HierarchicalBlock() {
  return {
      .name = "hierarchical",
      .summary =
          "a bottleneck whose channels are cut into scales, each convolved with the one "
          "before it (paper, sections 1.2 and 1.3)",
      .readings = {{"base_width 35, which keeps the parameters of the bottleneck at 8 scales; the "
                    "row Hier. of table 1 is cardinality 4 with base_width 10"}},
      .expansion = kBottleneckExpansion,
      .settings = {ScalesSetting(8), BaseWidthSetting(35), CardinalitySetting(1),
                   SeSetting(SePlace::kNone), SeReductionSetting(16),
                   Conv1InputSetting(Conv1Input::kRaw)},
      .add = AddSplitBottleneck,
      .check = CheckSplitBottleneck};
}

}  // namespace archsweep
