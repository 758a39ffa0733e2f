#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "worker/trainer/attacks/value_region.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/frozen/frozen_layer.h"

namespace archsweep {

// A frozen network over images of which only a window changes between passes: it keeps what the
// layers made of the known images and computes only the pixels that depend on the window. The same
// logits as those of FrozenNetwork, up to rounding. For the processor. Made and used by one thread.
class WindowNetwork {
 public:
  // By the running statistics of `group`. Keeps a reference to `network`, whose parameters and
  // running statistics must not change while this is used.
  WindowNetwork(const Executor& network, int group);

  // Share of the multiplications of a whole pass that a square window in the middle takes.
  double Cost(int64_t side) const;

  // Of what is kept of one known image.
  int64_t BytesPerImage() const;

  // Makes the images known.
  void Begin(const at::Tensor& images);

  // Logits of the known images with the pixels [images, channels, height, width] in place of what
  // is there from row `top` and column `left` on.
  at::Tensor Logits(const at::Tensor& pixels, int64_t top, int64_t left);

  // Makes those images of the last Logits known that `accepted` [images] says.
  void Accept(const at::Tensor& accepted);

  // Goes on with these images only, given in ascending order.
  void Keep(const at::Tensor& kept);

 private:
  // The pixels of a value that the window has changed.
  struct Change {
    Region region;
    at::Tensor pixels;
  };
  // Images that one thread computes together.
  struct Shard {
    int64_t first = 0;
    int64_t images = 0;
    std::vector<at::Tensor> known;  // By node, where something reads around a change.
    std::vector<Change> changes;    // By node.
  };
  struct Layer {
    NodeId first = 0;
    Reach reach = Reach::kWhole;
    Sliding sliding;
    std::unique_ptr<FrozenLayer> whole;
    std::unique_ptr<FrozenLayer> unpadded;  // With Reach::kWindow.
  };

  const Node& NodeAt(NodeId node) const;
  const Shape& ShapeOf(NodeId node) const { return NodeAt(node).output; }
  Region RegionOf(const Layer& layer, const std::vector<Region>& changed) const;
  at::Tensor Read(const Shard& shard, NodeId node, const Region& wanted) const;
  void Run(const Layer& layer, Shard& shard) const;
  void RunShards(bool makes_known);
  template <class Function>
  void ForEachShard(const Function& function);

  const Graph graph_;
  const int64_t bytes_per_element_;
  std::vector<Layer> layers_;
  std::vector<bool> is_kept_;  // By node.
  std::vector<Shard> shards_;
};

}  // namespace archsweep
