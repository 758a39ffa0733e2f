#include "sweep/trial/sweep.h"

#include "base/text.h"

namespace archsweep {

std::string_view NameOf(SweepOrder order) {
  return order == SweepOrder::kSpread ? "spread" : "longest";
}

Result<SweepOrder> SweepOrderByName(std::string_view name) {
  for (const SweepOrder order : {SweepOrder::kLongest, SweepOrder::kSpread}) {
    if (NameOf(order) == name) return order;
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("unknown order '{}'; known are: longest, spread", name));
}

std::optional<std::string> RanksProblem(const TrainingSpec& training, int ranks) {
  // Other mistakes of the two are told by Problems().
  if (training.batch_norm_group < 1 || training.batch_size < 1) return std::nullopt;
  const int groups = training.batch_size / training.batch_norm_group;
  if (groups % ranks == 0) return std::nullopt;
  return Format(
      "batch_size {} makes {} batch-norm groups of {}, which {} ranks cannot share evenly",
      training.batch_size, groups, training.batch_norm_group, ranks);
}

}  // namespace archsweep
