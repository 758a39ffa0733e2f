#pragma once

#include <cstdint>

#include "sweep/trial/trial.h"
#include "worker/data/dataset.h"
#include "worker/trainer/augmentation.h"
#include "worker/trainer/frozen/frozen_network.h"

namespace archsweep {

// Measures a network on the images that choose the best checkpoint, clean and after PGD-20 as
// evaluations do it and from the same start. Batch by batch, so that the caller can report and stop
// in between. One thread.
class SelectionPass {
 public:
  // All must outlive the pass, and the network not change meanwhile.
  SelectionPass(const Executor& network, const DeviceImages& images, uint64_t seed);

  bool IsDone() const { return next_ == count_; }
  void TakeBatch();

  // Shares of the images so far.
  double CleanAccuracy() const { return Share(clean_); }
  double RobustAccuracy() const { return Share(robust_); }

 private:
  double Share(int64_t correct) const {
    return static_cast<double>(correct) / static_cast<double>(next_);
  }

  const FrozenNetwork network_;
  const DeviceImages& images_;
  const uint64_t seed_;
  const int64_t count_;
  int64_t next_ = 0;
  int64_t clean_ = 0;
  int64_t robust_ = 0;
};

}  // namespace archsweep
