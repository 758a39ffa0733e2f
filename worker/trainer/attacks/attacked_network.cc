#include "worker/trainer/attacks/attacked_network.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <utility>

namespace archsweep {
namespace {

constexpr int kGroup = 0;  // The batch-norm group that is exported.

}  // namespace

AttackedNetwork::AttackedNetwork(const Executor& network)
    : executor_(network), network_(network, kGroup) {}

at::Tensor AttackedNetwork::Logits(const at::Tensor& images) {
  ledger_.done.forward_only += images.size(0);
  return network_.Logits(images);
}

PointGradient AttackedNetwork::GradientAt(const at::Tensor& images, const ImageLosses& losses) {
  ledger_.done.with_gradient += images.size(0);
  FrozenNetwork::Pass pass = network_.Forward(images);
  const at::Tensor logits = pass.Logits();
  const c10::AutoGradMode with_gradients(true);
  const at::Tensor point = logits.detach().requires_grad_(true);
  const at::Tensor loss = losses(point);
  const at::Tensor gradient = torch::autograd::grad({loss.sum()}, {point}).front();
  return {.logits = logits,
          .losses = loss.detach(),
          .gradient =
              std::move(pass).ImageGradient(gradient).contiguous(images.suggest_memory_format())};
}

std::unique_ptr<WindowNetwork> AttackedNetwork::Windows(int64_t images, int64_t side) const {
  if (!executor_.ValueOptions().device().is_cpu()) return nullptr;
  const ExecutorOptions& how = executor_.Options();
  if (how.fusion == Fusion::kNone || how.compute_type) return nullptr;
  auto windows = std::make_unique<WindowNetwork>(executor_, kGroup);
  const bool pays =
      windows->Cost(side) <= kWindowCostMax && windows->BytesPerImage() * images <= kWindowBytesMax;
  return pays ? std::move(windows) : nullptr;
}

}  // namespace archsweep
