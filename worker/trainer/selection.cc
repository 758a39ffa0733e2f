#include "worker/trainer/selection.h"

#include <c10/core/GradMode.h>

#include "base/check.h"
#include "sweep/trial/evaluation.h"
#include "worker/trainer/attacked_images.h"

namespace archsweep {

SelectionPass::SelectionPass(const Executor& network, const DeviceImages& images, uint64_t seed,
                             Collective& collective)
    : network_(network, 0),
      images_(images),
      seed_(seed),
      collective_(collective),
      count_(images.labels.size(0)),
      correct_(at::zeros({2}, images.labels.options().dtype(at::kLong))) {}

void SelectionPass::TakeBatches() {
  CHECK(!IsDone());
  const int64_t first = next_ + collective_.Rank() * kEvaluationBatch;
  if (first < count_) TakeBatch(first);
  next_ += collective_.Size() * kEvaluationBatch;
  if (IsDone()) collective_.SumInPlace(correct_)->Wait();
}

void SelectionPass::TakeBatch(int64_t first) {
  const c10::NoGradGuard no_gradients;
  const EvaluationBatch batch = BatchFrom(images_, first, count_);
  const at::Tensor attacked = AttackedImages(
      network_, batch.images, MeanCrossEntropyOf{batch.labels}, SettingsOf(AttackKind::kPgd20),
      {seed_, DrawPurpose::kEvaluationStart, 0}, batch.indices);
  const auto correct = [&](const at::Tensor& images) {
    return network_.Logits(images).argmax(1).eq(batch.labels).sum();
  };
  correct_ += at::stack({correct(batch.images), correct(attacked)});
}

double SelectionPass::Share(int64_t which) const {
  CHECK(IsDone());
  return correct_[which].item<double>() / static_cast<double>(count_);
}

}  // namespace archsweep
