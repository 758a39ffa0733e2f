#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/function.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

#include "worker/trainer/collective.h"
#include "worker/trainer/host_echo.h"

namespace archsweep {

// The gradients of one training step, added up over the batch-norm groups of this rank and over all
// ranks. Sums only: who divides by the size of the whole batch is the loss, and nobody else, so
// that a batch has the same gradients however many ranks share it.
//
// With several ranks the gradients lie in flat buckets (buckets.h), and each bucket is summed over
// the ranks as soon as the last backward has filled it, while backward goes on. A single process
// has the tensors of autograd as they are, without a copy.
//
// One step: Say, Add for every group but the last, AddLast, Wait, Hear. Say and Hear apart, none of
// it makes the host wait for a GPU, and it does the same in every step, so that it can be captured
// into a CUDA graph.
class GradientSum {
 public:
  // `parameters` are leaves of one floating-point type and device, each of which every loss
  // depends on; `riders` is how many scalars travel along. `collective` outlives the object. While
  // it lives, `.grad` of the parameters belongs to it.
  GradientSum(std::vector<at::Tensor> parameters, int64_t riders, Collective& collective);
  ~GradientSum();
  GradientSum(const GradientSum&) = delete;
  GradientSum& operator=(const GradientSum&) = delete;

  // What rank 0 lets all ranks know with the sums of this step, such as that they are to stop; the
  // words of others do not count. From 0 to kWordMax.
  void Say(int word);

  // Adds the gradients of a loss, whose graph is used up.
  void Add(const at::Tensor& loss);

  // Likewise for the last loss of the step, and begins the sums over ranks. `riders`: so many
  // scalars of this rank, of the type and on the device of the parameters.
  void AddLast(const at::Tensor& loss, const at::Tensor& riders);

  struct Sums {
    std::vector<at::Tensor>* gradients;  // One for each parameter; may be changed, hold until Add.
    at::Tensor riders;
  };
  Sums Wait();

  // Drops what was added in a step that does not come to its end. Of a single process only
  // (asserted), for other ranks would wait for the rest of it.
  void BreakOff();

  // The word of rank 0 in the newest step, the same on every rank. Between GPUs in the step before
  // it (0 in the first), so that no host waits for what its GPU still has to do.
  int Hear();

 private:
  // The gradients of a part of the parameters, and in the first one riders and word behind them.
  struct Flat {
    at::Tensor values;
    size_t parameters = 0;
    size_t missing = 0;  // Parameters whose gradients backward has not added yet.
    std::unique_ptr<PendingSum> sum;
  };
  // The hook of a parameter on the node that adds to its gradient.
  struct Hook {
    std::shared_ptr<torch::autograd::Node> node;
    uintptr_t key = 0;
  };

  void MakeFlats();
  void OnAdded(size_t flat);
  void Begin();

  const std::vector<at::Tensor> parameters_;
  const int64_t riders_count_;
  Collective& collective_;
  std::vector<at::Tensor> gradients_;
  at::Tensor riders_;     // Of a single process.
  bool is_first_ = true;  // No loss was added in this step.

  std::vector<Flat> flats_;  // In the order in which they are summed; empty in a single process.
  std::vector<Hook> hooks_;
  bool is_last_ = false;        // The backward under way is the last one of the step.
  size_t begun_ = 0;            // Flats whose sum has begun.
  std::exception_ptr failure_;  // Of a hook, for autograd passes on only what it knows.

  int said_ = 0;
  at::Tensor word_;  // What was said, on the device.
  HostEcho heard_;
};

inline constexpr int kWordMax = 255;  // Exact in every floating-point type.

}  // namespace archsweep
