#include "worker/trainer/frozen/frozen_network.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "base/check.h"

namespace archsweep {
namespace {

// Of the largest value of a shard: a few of them stay in the caches of a processor core.
constexpr int64_t kShardValueBytes = 2 << 20;

// Weights are read once for every shard, which fewer images would not be worth.
constexpr int64_t kShardImagesMin = 16;

int64_t ImagesOfShard(const Graph& graph, size_t element_bytes) {
  int64_t largest = 1;
  for (const Node& node : graph.nodes) largest = std::max(largest, node.output.Elements());
  return std::max(kShardImagesMin,
                  kShardValueBytes / (largest * static_cast<int64_t>(element_bytes)));
}

// Calls `run` for each shard, without gradients. Many of them are dealt out to the threads; a
// single one has all threads to itself.
template <class Run>
void ForShards(size_t shards, const Run& run) {
  const auto run_range = [&](int64_t begin, int64_t end) {
    const c10::NoGradGuard no_gradients;
    for (int64_t i = begin; i < end; ++i) run(static_cast<size_t>(i));
  };
  if (shards == 1) return run_range(0, 1);
  at::parallel_for(0, static_cast<int64_t>(shards), 1, run_range);
}

}  // namespace

FrozenNetwork::FrozenNetwork(const Executor& network, int group, AttackNorms norms)
    : network_(network), group_(group), norms_(norms) {
  const ExecutorOptions& how = network.Options();
  if (how.fusion == Fusion::kNone || how.compute_type || norms == AttackNorms::kBatch) return;
  const c10::NoGradGuard no_gradients;
  const Graph& graph = network.LayerGraph();
  const at::TensorOptions options = network.ValueOptions();
  shard_images_ = ImagesOfShard(graph, options.dtype().itemsize());
  std::vector<size_t> last_reader(graph.nodes.size(), 0);
  const std::vector<FusedLayer> fused = FuseLayers(graph);
  for (const FusedLayer& layer : fused) {
    const NodeTensors norm = layer.norm ? network.FrozenTensors(*layer.norm, group) : NodeTensors{};
    layers_.push_back(Freeze(graph, layer, network.FrozenTensors(layer.first, group), norm,
                             shard_images_, options));
    for (const NodeId input : layers_.back()->Inputs()) {
      last_reader[static_cast<size_t>(input)] = layers_.size() - 1;
    }
  }
  dies_after_.resize(layers_.size());
  for (size_t node = 0; node < last_reader.size(); ++node) {
    dies_after_[last_reader[node]].push_back(static_cast<NodeId>(node));
  }
}

at::Tensor FrozenNetwork::Logits(const at::Tensor& images) const {
  const c10::NoGradGuard no_gradients;
  if (layers_.empty()) return Unfused(images);
  return RunShards(images, Way::kThere).logits_;
}

FrozenNetwork::Pass FrozenNetwork::Forward(const at::Tensor& images) const {
  if (!layers_.empty()) return RunShards(images, Way::kThereAndBack);
  const c10::AutoGradMode with_gradients(true);
  Pass pass;
  pass.point_ = images.detach().requires_grad_(true);
  pass.differentiable_logits_ = Unfused(pass.point_);
  pass.logits_ = pass.differentiable_logits_.detach();
  return pass;
}

at::Tensor FrozenNetwork::Unfused(const at::Tensor& images) const {
  if (norms_ == AttackNorms::kRunning) return network_.Evaluate(images, group_);
  return network_.Train(images, group_, {.tracks_statistics = false, .trains_parameters = false});
}

std::vector<FrozenNetwork::Pass::Shard> FrozenNetwork::ShardsOf(const at::Tensor& images) const {
  const int64_t count = images.size(0);
  const int64_t threads = at::get_num_threads();
  int64_t shards = images.is_cpu() ? (count + shard_images_ - 1) / shard_images_ : 1;
  // Threads take whole shards, as many as one another, or else work together on one.
  shards = shards < threads ? 1 : (shards + threads - 1) / threads * threads;
  std::vector<Pass::Shard> result(static_cast<size_t>(shards));
  for (int64_t i = 0; i < shards; ++i) {
    Pass::Shard& shard = result[static_cast<size_t>(i)];
    shard.first = count * i / shards;
    shard.images = count * (i + 1) / shards - shard.first;
  }
  return result;
}

FrozenNetwork::Pass FrozenNetwork::RunShards(const at::Tensor& images, Way way) const {
  Pass pass;
  pass.network_ = this;
  pass.shards_ = ShardsOf(images);
  ForShards(pass.shards_.size(),
            [&](size_t i) { RunShard(images.detach(), way, pass.shards_[i]); });
  std::vector<at::Tensor> logits;
  for (Pass::Shard& shard : pass.shards_) logits.push_back(std::move(shard.logits));
  pass.logits_ = logits.size() == 1 ? logits.front() : at::cat(logits);
  return pass;
}

void FrozenNetwork::RunShard(const at::Tensor& images, Way way, Pass::Shard& shard) const {
  std::vector<at::Tensor> values(network_.LayerGraph().nodes.size());
  values.front() =
      images.narrow(0, shard.first, shard.images).contiguous(at::MemoryFormat::ChannelsLast);
  if (way == Way::kThereAndBack) shard.kept.resize(layers_.size());
  for (size_t i = 0; i < layers_.size(); ++i) {
    std::vector<at::Tensor> inputs;
    for (const NodeId input : layers_[i]->Inputs()) {
      inputs.push_back(values[static_cast<size_t>(input)]);
    }
    for (const NodeId dead : dies_after_[i]) values[static_cast<size_t>(dead)].reset();
    values[static_cast<size_t>(layers_[i]->Output())] = layers_[i]->Forward(
        std::move(inputs), way == Way::kThereAndBack ? &shard.kept[i] : nullptr);
  }
  shard.logits = values[static_cast<size_t>(network_.LayerGraph().output)];
}

at::Tensor FrozenNetwork::ReturnShard(const at::Tensor& logit_gradient, Pass::Shard& shard) const {
  ValueGradients sums(network_.LayerGraph().nodes.size());
  sums.Add(network_.LayerGraph().output, logit_gradient.narrow(0, shard.first, shard.images));
  for (size_t i = layers_.size(); i-- > 0;) {
    layers_[i]->Backward(sums.Take(layers_[i]->Output()), shard.kept[i], sums);
    shard.kept[i].clear();
  }
  return sums.Take(0);
}

at::Tensor FrozenNetwork::Pass::ImageGradient(const at::Tensor& logit_gradient) && {
  if (differentiable_logits_.defined()) {
    return torch::autograd::grad({differentiable_logits_}, {point_}, {logit_gradient}).front();
  }
  const FrozenNetwork& network = *network_;
  const Shape& image = network.network_.LayerGraph().nodes.front().output;
  at::Tensor result = at::empty({logits_.size(0), image.channels, image.height, image.width},
                                logits_.options().memory_format(at::MemoryFormat::ChannelsLast));
  at::parallel_for(0, static_cast<int64_t>(shards_.size()), 1, [&](int64_t begin, int64_t end) {
    const c10::NoGradGuard no_gradients_here;
    for (int64_t i = begin; i < end; ++i) {
      Shard& shard = shards_[static_cast<size_t>(i)];
      result.narrow(0, shard.first, shard.images).copy_(network.ReturnShard(logit_gradient, shard));
    }
  });
  return result;
}

}  // namespace archsweep
