#include "worker/trainer/attacks/image_losses.h"

#include <limits>
#include <tuple>

#include "base/check.h"

namespace archsweep {
namespace {

constexpr double kTiny = 1e-12;

at::Tensor LogitsOf(const at::Tensor& logits, const at::Tensor& classes) {
  return logits.gather(1, classes.unsqueeze(1)).squeeze(1);
}

}  // namespace

at::Tensor CrossEntropies(const at::Tensor& logits, const at::Tensor& labels) {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::None);
}

at::Tensor LogitRatios(const at::Tensor& logits, const at::Tensor& labels) {
  CHECK(logits.size(1) >= kClassesOfRatioMin);
  const auto [largest, classes] = logits.topk(3, 1);
  const at::Tensor other =
      at::where(classes.select(1, 0).eq(labels), largest.select(1, 1), largest.select(1, 0));
  const at::Tensor spread = largest.select(1, 0) - largest.select(1, 2) + kTiny;
  return -(LogitsOf(logits, labels) - other) / spread;
}

at::Tensor TargetedLogitRatios(const at::Tensor& logits, const at::Tensor& labels,
                               const at::Tensor& targets) {
  CHECK(logits.size(1) >= kClassesOfTargetedRatioMin);
  const at::Tensor largest = std::get<0>(logits.topk(4, 1));
  const at::Tensor low = 0.5 * (largest.select(1, 2) + largest.select(1, 3));
  const at::Tensor spread = largest.select(1, 0) - low + kTiny;
  return -(LogitsOf(logits, labels) - LogitsOf(logits, targets)) / spread;
}

at::Tensor Margins(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor index = labels.unsqueeze(1);
  const at::Tensor others = logits.scatter(1, index, -std::numeric_limits<double>::infinity());
  return logits.gather(1, index).squeeze(1) - others.amax(1);
}

at::Tensor LogitDifferences(const at::Tensor& logits, const at::Tensor& labels,
                            const at::Tensor& targets) {
  return -(LogitsOf(logits, labels) - LogitsOf(logits, targets));
}

at::Tensor AreRight(const at::Tensor& logits, const at::Tensor& labels) {
  return logits.argmax(1).eq(labels);
}

at::Tensor RankedClasses(const at::Tensor& logits, int k) {
  CHECK(k >= 1 && k <= logits.size(1));
  // Sorted as the reference does it, so that equal logits come in the same order.
  const at::Tensor ascending = std::get<1>(logits.sort(1));
  return ascending.select(1, logits.size(1) - k).contiguous();
}

}  // namespace archsweep
