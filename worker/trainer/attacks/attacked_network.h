#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>

#include "worker/trainer/frozen/frozen_network.h"

namespace archsweep {

// Images that went through a network.
struct PassCounts {
  int64_t forward_only = 0;
  int64_t with_gradient = 0;  // Forward and backward to the images.

  int64_t Forwards() const { return forward_only + with_gradient; }
  int64_t Backwards() const { return with_gradient; }
  PassCounts& operator+=(const PassCounts& other) {
    forward_only += other.forward_only;
    with_gradient += other.with_gradient;
    return *this;
  }
  friend PassCounts operator*(const PassCounts& counts, int64_t times) {
    return {counts.forward_only * times, counts.with_gradient * times};
  }
  friend bool operator==(const PassCounts&, const PassCounts&) = default;
};

// Done, and what the reference implementation would have done for the same images.
struct PassLedger {
  PassCounts done;
  PassCounts reference;

  PassLedger& operator+=(const PassLedger& other) {
    done += other.done;
    reference += other.reference;
    return *this;
  }
  friend bool operator==(const PassLedger&, const PassLedger&) = default;
};

// Loss of each image [images] for logits [images, classes].
using ImageLosses = std::function<at::Tensor(const at::Tensor& logits)>;

// What an attack sees at a point. Nothing of it has a gradient.
struct PointGradient {
  at::Tensor logits;    // [images, classes]
  at::Tensor losses;    // [images]
  at::Tensor gradient;  // Of the sum of losses, of the shape of the images.
};

// The one way by which the attacks of this folder run a network: in evaluation mode, by the running
// statistics of batch-norm group 0. Gradients reach the images only, and nothing of the network
// changes. Counts passes. One thread.
class AttackedNetwork {
 public:
  // Keeps a reference to `network`, which must not change.
  explicit AttackedNetwork(const Executor& network);

  at::Tensor Logits(const at::Tensor& images);
  PointGradient GradientAt(const at::Tensor& images, const ImageLosses& losses);

  // Enters passes that the reference would have made at this point.
  void CountForReference(const PassCounts& counts) { ledger_.reference += counts; }

  const PassLedger& Ledger() const { return ledger_; }
  void ClearLedger() { ledger_ = {}; }

 private:
  const FrozenNetwork network_;
  PassLedger ledger_;
};

}  // namespace archsweep
