#include "worker/trainer/selection.h"

#include <c10/core/GradMode.h>

#include "sweep/trial/evaluation.h"
#include "worker/trainer/attacked_images.h"

namespace archsweep {

SelectionPass::SelectionPass(const Executor& network, const DeviceImages& images, uint64_t seed)
    : network_(network, 0), images_(images), seed_(seed), count_(images.labels.size(0)) {}

void SelectionPass::TakeBatch() {
  const c10::NoGradGuard no_gradients;
  const EvaluationBatch batch = BatchFrom(images_, next_, count_);
  const auto correct = [&](const at::Tensor& images) {
    return network_.Logits(images).argmax(1).eq(batch.labels).sum().item<int64_t>();
  };
  clean_ += correct(batch.images);
  robust_ += correct(AttackedImages(network_, batch.images, MeanCrossEntropyOf{batch.labels},
                                    SettingsOf(AttackKind::kPgd20),
                                    {seed_, DrawPurpose::kEvaluationStart, 0}, batch.indices));
  next_ += batch.labels.size(0);
}

}  // namespace archsweep
