#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "sweep/trial/training.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/frozen/frozen_layer.h"

namespace archsweep {

// A network in evaluation mode for as long as its tensors stay what they are, as during an attack:
// what depends on the weights alone is done once. With Fusion::kNone it computes what
// Executor::Evaluate does; with kFolded layers are fused, and the gradients of images are computed
// without automatic differentiation (but in a compute type of its own, by that). On the processor a
// batch is cut into shards that the threads share; how depends on the number of threads.
//
// Made and used by one thread. Gradients never reach parameters, and nothing of the network
// changes.
class FrozenNetwork {
 public:
  // By the running statistics of `group`, or by those of each batch that runs; these make images
  // depend on one another, and nothing is fused then. Keeps a reference to `network`, whose
  // parameters and running statistics must not change while this is used.
  FrozenNetwork(const Executor& network, int group, AttackNorms norms = AttackNorms::kRunning);

  // A batch on its way: its logits, and what it takes to come back from them.
  class Pass {
   public:
    const at::Tensor& Logits() const { return logits_; }  // [images, classes]; without gradient.

    // The gradient of the images, given that of the logits, with the images' shape. Uses the pass
    // up.
    at::Tensor ImageGradient(const at::Tensor& logit_gradient) &&;

   private:
    friend class FrozenNetwork;
    struct Shard {
      int64_t first = 0;
      int64_t images = 0;
      at::Tensor logits;
      std::vector<FrozenLayer::Kept> kept;  // By layer.
    };

    const FrozenNetwork* network_ = nullptr;
    at::Tensor logits_;
    std::vector<Shard> shards_;
    // Instead of shards where nothing is fused.
    at::Tensor point_, differentiable_logits_;
  };

  at::Tensor Logits(const at::Tensor& images) const;
  Pass Forward(const at::Tensor& images) const;

 private:
  enum class Way { kThere, kThereAndBack };

  at::Tensor Unfused(const at::Tensor& images) const;
  Pass RunShards(const at::Tensor& images, Way way) const;
  void RunShard(const at::Tensor& images, Way way, Pass::Shard& shard) const;
  at::Tensor ReturnShard(const at::Tensor& logit_gradient, Pass::Shard& shard) const;
  std::vector<Pass::Shard> ShardsOf(const at::Tensor& images) const;

  const Executor& network_;
  const int group_;
  const AttackNorms norms_;
  int64_t shard_images_ = 0;
  std::vector<std::unique_ptr<FrozenLayer>> layers_;  // Empty: nothing is fused.
  std::vector<std::vector<NodeId>> dies_after_;       // Values that nothing reads behind a layer.
};

}  // namespace archsweep
