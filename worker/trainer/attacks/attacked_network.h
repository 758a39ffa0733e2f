#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "worker/trainer/attacks/window_network.h"
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
  at::Tensor gradient;  // Of the sum of losses, of the shape and layout of the images.
};

// A window pays where it takes no more than this share of the multiplications of a whole pass, and
// what must be kept for it is no larger.
inline constexpr double kWindowCostMax = 0.6;
inline constexpr int64_t kWindowBytesMax = int64_t{1} << 30;

// The one way by which the attacks of this folder run a network: in evaluation mode, by the running
// statistics of batch-norm group 0. Gradients reach the images only, and nothing of the network
// changes. Counts passes. One thread.
class AttackedNetwork {
 public:
  // Keeps a reference to `network`, which must not change.
  explicit AttackedNetwork(const Executor& network);

  at::Tensor Logits(const at::Tensor& images);
  PointGradient GradientAt(const at::Tensor& images, const ImageLosses& losses);

  // For passes over so many images of which only a square changes between passes, no larger than
  // `side`; null where these would not pay. Each of them is to be counted.
  std::unique_ptr<WindowNetwork> Windows(int64_t images, int64_t side) const;
  void CountForward(int64_t images) { ledger_.done.forward_only += images; }

  // Enters passes that the reference would have made at this point.
  void CountForReference(const PassCounts& counts) { ledger_.reference += counts; }

  const PassLedger& Ledger() const { return ledger_; }
  void ClearLedger() { ledger_ = {}; }

 private:
  const Executor& executor_;
  const FrozenNetwork network_;
  PassLedger ledger_;
};

}  // namespace archsweep
