#include "worker/trainer/attacks/window_network.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "base/check.h"
#include "sweep/network/cost.h"
#include "sweep/network/fused_layers.h"

namespace archsweep {
namespace {

// Of images: enough to keep a core busy, few enough that their pixels stay in its caches.
constexpr int64_t kShardImages = 32;

// A change of so much of a value counts as one of all of it.
constexpr double kWholeShare = 0.75;

// Windows come with the pixels around them, zeros included.
Graph WithoutPadding(Graph graph) {
  for (Node& node : graph.nodes) {
    if (auto* convolution = std::get_if<Convolution>(&node.operation)) convolution->padding = 0;
    if (auto* pool = std::get_if<AveragePool>(&node.operation)) pool->padding = 0;
  }
  return graph;
}

at::Tensor Cut(const at::Tensor& value, const Region& region) {
  return value.narrow(2, region.top, region.height).narrow(3, region.left, region.width);
}

Region Within(const Region& region, const Region& frame) {
  return {.top = region.top - frame.top,
          .left = region.left - frame.left,
          .height = region.height,
          .width = region.width};
}

bool Meet(const Region& a, const Region& b) {
  return a.top < b.top + b.height && b.top < a.top + a.height && a.left < b.left + b.width &&
         b.left < a.left + a.width;
}

}  // namespace

WindowNetwork::WindowNetwork(const Executor& network, int group)
    : graph_(network.LayerGraph()),
      bytes_per_element_(static_cast<int64_t>(network.ValueOptions().dtype().itemsize())),
      is_kept_(graph_.nodes.size(), false) {
  const c10::NoGradGuard no_gradients;
  const Graph unpadded = WithoutPadding(graph_);
  for (const FusedLayer& fused : FuseLayers(graph_)) {
    const NodeTensors own = network.FrozenTensors(fused.first, group);
    const NodeTensors norm = fused.norm ? network.FrozenTensors(*fused.norm, group) : NodeTensors{};
    const auto freeze = [&](const Graph& graph) {
      return Freeze(graph, fused, own, norm, kShardImages, network.ValueOptions());
    };
    Layer& layer = layers_.emplace_back();
    layer.first = fused.first;
    layer.reach = ReachOf(NodeAt(fused.first));
    layer.whole = freeze(graph_);
    if (layer.reach == Reach::kWindow) {
      layer.sliding = SlidingOf(NodeAt(fused.first));
      layer.unpadded = freeze(unpadded);
    }
    if (layer.reach == Reach::kPoint) continue;
    for (const NodeId input : layer.whole->Inputs()) is_kept_[static_cast<size_t>(input)] = true;
  }
}

const Node& WindowNetwork::NodeAt(NodeId node) const {
  return graph_.nodes[static_cast<size_t>(node)];
}

double WindowNetwork::Cost(int64_t side) const {
  const Region image = Whole(ShapeOf(0));
  std::vector<Region> regions(graph_.nodes.size());
  regions.front() = {.top = (image.height - side) / 2,
                     .left = (image.width - side) / 2,
                     .height = side,
                     .width = side};
  double in_window = 0;
  double in_all = 0;
  for (const Layer& layer : layers_) {
    Region& region = regions[static_cast<size_t>(layer.whole->Output())];
    region = RegionOf(layer, regions);
    const auto multiplications = static_cast<double>(MacsOf(graph_, NodeAt(layer.first)));
    const Region whole = Whole(ShapeOf(layer.whole->Output()));
    in_window +=
        multiplications * static_cast<double>(region.Area()) / static_cast<double>(whole.Area());
    in_all += multiplications;
  }
  return in_window / in_all;
}

int64_t WindowNetwork::BytesPerImage() const {
  int64_t elements = 0;
  for (size_t i = 0; i < is_kept_.size(); ++i) {
    if (is_kept_[i]) elements += graph_.nodes[i].output.Elements();
  }
  return elements * bytes_per_element_;
}

Region WindowNetwork::RegionOf(const Layer& layer, const std::vector<Region>& changed) const {
  const auto of = [&](size_t input) {
    return changed[static_cast<size_t>(layer.whole->Inputs()[input])];
  };
  const Shape& output = ShapeOf(layer.whole->Output());
  Region region = Whole(output);
  if (layer.reach == Reach::kWhole) return region;
  region = layer.reach == Reach::kWindow ? Reached(layer.sliding, of(0), output) : of(0);
  for (size_t i = 1; i < layer.whole->Inputs().size(); ++i) region = Hull(region, of(i));
  const auto pixels = static_cast<double>(Whole(output).Area());
  return static_cast<double>(region.Area()) < kWholeShare * pixels ? region : Whole(output);
}

at::Tensor WindowNetwork::Read(const Shard& shard, NodeId node, const Region& wanted) const {
  const Change& change = shard.changes[static_cast<size_t>(node)];
  if (change.region == wanted) return change.pixels;
  if (change.region.Contains(wanted)) return Cut(change.pixels, Within(wanted, change.region));
  const at::Tensor& known = shard.known[static_cast<size_t>(node)];
  at::Tensor result =
      at::empty({shard.images, ShapeOf(node).channels, wanted.height, wanted.width},
                change.pixels.options().memory_format(at::MemoryFormat::ChannelsLast));
  const Region whole = Whole(ShapeOf(node));
  const Region inside = Intersection(wanted, whole);
  if (inside != wanted) result.zero_();
  const auto place = [&](const at::Tensor& pixels, const Region& region) {
    Cut(result, Within(region, wanted)).copy_(pixels);
  };
  if (!change.region.Contains(inside)) place(Cut(known, inside), inside);
  if (Meet(change.region, inside)) {
    const Region both = Intersection(change.region, inside);
    place(Cut(change.pixels, Within(both, change.region)), both);
  }
  return result;
}

void WindowNetwork::Run(const Layer& layer, Shard& shard) const {
  std::vector<Region> changed(graph_.nodes.size());
  const std::vector<NodeId>& nodes = layer.whole->Inputs();
  for (const NodeId node : nodes) {
    changed[static_cast<size_t>(node)] = shard.changes[static_cast<size_t>(node)].region;
  }
  Change& result = shard.changes[static_cast<size_t>(layer.whole->Output())];
  result.region = RegionOf(layer, changed);
  const bool is_whole = result.region == Whole(ShapeOf(layer.whole->Output()));
  std::vector<at::Tensor> inputs;
  for (size_t i = 0; i < nodes.size(); ++i) {
    // What is added behind a convolution lies where its output does.
    Region wanted = result.region;
    if (is_whole) {
      wanted = Whole(ShapeOf(nodes[i]));
    } else if (layer.reach == Reach::kWindow && i == 0) {
      wanted = Needed(layer.sliding, result.region);
    }
    inputs.push_back(Read(shard, nodes[i], wanted));
  }
  const bool is_cut = layer.reach == Reach::kWindow && !is_whole;
  result.pixels = (is_cut ? layer.unpadded : layer.whole)->Forward(std::move(inputs), nullptr);
}

template <class Function>
void WindowNetwork::ForEachShard(const Function& function) {
  at::parallel_for(0, static_cast<int64_t>(shards_.size()), 1, [&](int64_t begin, int64_t end) {
    const c10::NoGradGuard no_gradients;
    for (int64_t i = begin; i < end; ++i) function(shards_[static_cast<size_t>(i)]);
  });
}

void WindowNetwork::RunShards(bool makes_known) {
  ForEachShard([&](Shard& shard) {
    for (const Layer& layer : layers_) Run(layer, shard);
    if (!makes_known) return;
    for (size_t node = 0; node < is_kept_.size(); ++node) {
      if (is_kept_[node]) shard.known[node] = shard.changes[node].pixels.clone();
    }
    shard.changes.assign(graph_.nodes.size(), {});
  });
}

void WindowNetwork::Begin(const at::Tensor& images) {
  const int64_t count = images.size(0);
  const int64_t threads = at::get_num_threads();
  int64_t shards = (count + kShardImages - 1) / kShardImages;
  shards = std::min((shards + threads - 1) / threads * threads, count);
  shards_.clear();
  for (int64_t i = 0; i < shards; ++i) {
    Shard& shard = shards_.emplace_back();
    shard.first = count * i / shards;
    shard.images = count * (i + 1) / shards - shard.first;
    shard.known.resize(graph_.nodes.size());
    shard.changes.resize(graph_.nodes.size());
    shard.changes.front() = {
        Whole(ShapeOf(0)),
        images.narrow(0, shard.first, shard.images).contiguous(at::MemoryFormat::ChannelsLast)};
  }
  RunShards(/*makes_known=*/true);
}

at::Tensor WindowNetwork::Logits(const at::Tensor& pixels, int64_t top, int64_t left) {
  const Region window = {
      .top = top, .left = left, .height = pixels.size(2), .width = pixels.size(3)};
  for (Shard& shard : shards_) {
    shard.changes.front() = {
        window,
        pixels.narrow(0, shard.first, shard.images).contiguous(at::MemoryFormat::ChannelsLast)};
  }
  RunShards(/*makes_known=*/false);
  std::vector<at::Tensor> logits;
  for (const Shard& shard : shards_) {
    logits.push_back(shard.changes[static_cast<size_t>(graph_.output)].pixels);
  }
  return at::cat(logits);
}

void WindowNetwork::Accept(const at::Tensor& accepted) {
  ForEachShard([&](Shard& shard) {
    const at::Tensor rows = accepted.narrow(0, shard.first, shard.images).nonzero().squeeze(1);
    if (rows.size(0) == 0) return;
    for (size_t node = 0; node < is_kept_.size(); ++node) {
      if (!is_kept_[node]) continue;
      const Change& change = shard.changes[node];
      const at::Tensor known =
          shard.known[node].dim() == 4 ? Cut(shard.known[node], change.region) : shard.known[node];
      known.index_copy_(0, rows, change.pixels.index_select(0, rows));
    }
  });
}

void WindowNetwork::Keep(const at::Tensor& kept) {
  int64_t first = 0;
  for (Shard& shard : shards_) {
    const at::Tensor here = kept.ge(shard.first).logical_and_(kept.lt(shard.first + shard.images));
    const at::Tensor rows = kept.masked_select(here) - shard.first;
    for (at::Tensor& known : shard.known) {
      if (known.defined() && rows.size(0) < shard.images) known = known.index_select(0, rows);
    }
    shard.first = first;
    shard.images = rows.size(0);
    first += shard.images;
  }
  std::erase_if(shards_, [](const Shard& shard) { return shard.images == 0; });
}

}  // namespace archsweep
