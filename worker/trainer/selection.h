#pragma once

#include <cstdint>

#include "sweep/trial/trial.h"
#include "worker/data/dataset.h"
#include "worker/trainer/augmentation.h"
#include "worker/trainer/collective.h"
#include "worker/trainer/frozen/frozen_network.h"

namespace archsweep {

// Measures a network on the images that choose the best checkpoint, clean and after PGD-20 as
// evaluations do it and from the same start. Batch by batch, so that the caller can report and stop
// in between; the ranks of a gang take one batch each at a time. One thread.
class SelectionPass {
 public:
  // All must outlive the pass, and the network not change meanwhile.
  SelectionPass(const Executor& network, const DeviceImages& images, uint64_t seed,
                Collective& collective);

  bool IsDone() const { return next_ >= count_; }
  void TakeBatches();

  // Once it is done (asserted); the same on all ranks.
  double CleanAccuracy() const { return Share(0); }
  double RobustAccuracy() const { return Share(1); }

 private:
  void TakeBatch(int64_t first);
  double Share(int64_t which) const;

  const FrozenNetwork network_;
  const DeviceImages& images_;
  const uint64_t seed_;
  Collective& collective_;
  const int64_t count_;
  int64_t next_ = 0;    // The first image of the next batches.
  at::Tensor correct_;  // Images right, clean and attacked: of this rank, in the end of all.
};

}  // namespace archsweep
