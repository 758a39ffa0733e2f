#include "worker/trainer/selection.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "sweep/trial/evaluation.h"
#include "worker/trainer/attacked_images.h"
#include "worker/trainer/evaluate_task.h"

namespace archsweep {

SelectionPass::SelectionPass(const Executor& network, const DeviceImages& images, uint64_t seed)
    : network_(network, 0), images_(images), seed_(seed), count_(images.labels.size(0)) {}

void SelectionPass::TakeBatch() {
  const c10::NoGradGuard no_gradients;
  std::vector<int64_t> indices(static_cast<size_t>(std::min(kEvaluationBatch, count_ - next_)));
  std::iota(indices.begin(), indices.end(), next_);
  const at::Tensor images = Images(images_.pixels, indices);
  const at::Tensor labels = images_.labels.narrow(0, next_, static_cast<int64_t>(indices.size()));
  const auto correct = [&](const at::Tensor& batch) {
    return network_.Logits(batch).argmax(1).eq(labels).sum().item<int64_t>();
  };
  clean_ += correct(images);
  robust_ += correct(AttackedImages(network_, images, MeanCrossEntropyOf{labels},
                                    SettingsOf(AttackKind::kPgd20),
                                    {seed_, DrawPurpose::kEvaluationStart, 0}, indices));
  next_ += static_cast<int64_t>(indices.size());
}

}  // namespace archsweep
