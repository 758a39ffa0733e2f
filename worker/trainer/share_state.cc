#include "worker/trainer/share_state.h"

#include <c10/core/GradMode.h>

#include <utility>
#include <vector>

namespace archsweep {
namespace {

void ShareAll(const NamedTensors& tensors, at::Device device, Collective& collective) {
  for (const NamedTensor& named : tensors) {
    if (named.tensor.device() == device) collective.Broadcast(named.tensor, 0);
  }
}

// Tensors of one type as one, for a broadcast of each alone would take long.
void ShareAsOne(const std::vector<at::Tensor>& tensors, int owner, Collective& collective) {
  if (tensors.empty()) return;
  std::vector<at::Tensor> flat;
  std::vector<int64_t> sizes;
  for (const at::Tensor& tensor : tensors) {
    flat.push_back(tensor.reshape(-1));
    sizes.push_back(tensor.numel());
  }
  const at::Tensor all = at::cat(flat);
  collective.Broadcast(all, owner);
  if (collective.Rank() == owner) return;
  const std::vector<at::Tensor> parts = all.split_with_sizes(sizes);
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].copy_(parts[i].view_as(tensors[i]));
}

}  // namespace

void ShareStart(const TrainingState& state, Collective& collective) {
  if (collective.Size() == 1) return;
  const c10::NoGradGuard no_gradients;
  const at::Device device = state.parameters.front().device();
  ShareAll(OfficialTensors(KeptModel(state)), device, collective);
  ShareAll(ResumeTensors(state), device, collective);
}

void ShareStatistics(const Model& model, Collective& collective) {
  if (collective.Size() == 1) return;
  const c10::NoGradGuard no_gradients;
  const auto groups = static_cast<int64_t>(model.buffers.size());
  for (int64_t group = 0; group < groups; ++group) {
    const int owner = static_cast<int>(group / collective.GetSeat().Share(groups));
    std::vector<at::Tensor> numbers;
    std::vector<at::Tensor> counts;
    for (const at::Tensor& buffer : model.buffers[static_cast<size_t>(group)]) {
      if (buffer.defined()) (buffer.is_floating_point() ? numbers : counts).push_back(buffer);
    }
    ShareAsOne(numbers, owner, collective);
    ShareAsOne(counts, owner, collective);
  }
}

}  // namespace archsweep
