#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/attempt/failure.h"
#include "worker/trainer/seat.h"

namespace archsweep {

// A sum under way. May be dropped without waiting only by a process that leaves.
class PendingSum {
 public:
  virtual ~PendingSum() = default;

  // What this thread does with the tensor from here on sees the sum. On a GPU nothing waits but the
  // current stream.
  virtual void Wait() = 0;
};

// What the ranks of a gang do together: the seam of data parallelism. All ranks call the same
// functions in the same order with tensors of the same type and size; each call means the same
// bits on all of them, and the same bits again for the same gang. One thread uses it at a time.
//
// Throws TaskError (lost) where another rank cannot be reached. A rank that fails for a reason of
// its own must call Abort before the object goes: the destructor waits for the others.
class Collective {
 public:
  virtual ~Collective() = default;

  const Seat& GetSeat() const { return seat_; }
  int Rank() const { return seat_.rank; }
  int Size() const { return seat_.size; }

  // Overwrites the tensor by that of `root`. Its memory has no gaps (asserted), in any order of
  // dimensions.
  virtual void Broadcast(const at::Tensor& tensor, int root) = 0;

  // Begins to replace every element of a contiguous tensor by its sum over the ranks; the tensor
  // is left alone until it was waited for. Single or double precision, or 64-bit integers. On the
  // device of the gang, or on the processor, which then may wait here.
  virtual std::unique_ptr<PendingSum> SumInPlace(const at::Tensor& flat) = 0;

  // What every rank gave, which may differ in length, in the order of ranks.
  virtual std::vector<std::string> AllGatherBytes(std::string_view mine) = 0;

  virtual int64_t Max(int64_t value) = 0;
  bool Any(bool value) { return Max(value) != 0; }

  // Leaves at once without any clean-up; the launcher then ends the other ranks. For any thread.
  [[noreturn]] virtual void Abort(int exit_code);

 protected:
  explicit Collective(Seat seat) : seat_(std::move(seat)) {}

 private:
  const Seat seat_;
};

// What a gang of one needs: it does nothing, and its tensors may be on any device.
std::unique_ptr<Collective> SingleProcess();

// Called on a thread of the collective when the connection between GPUs has failed while nobody
// was looking; ends the process.
using OnLost = std::function<void(const Failure&)>;

// The collective for a seat: nothing but SingleProcess for a size of 1; NCCL for a GPU, which is
// that of this rank; MPI in host memory for the processor. Ranks find each other by MPI, or without
// it by a file in `folder`, which all of them see. Throws TaskError: configuration where this
// trainer was built without what it takes.
std::unique_ptr<Collective> OpenCollective(const Seat& seat, at::Device device,
                                           const std::filesystem::path& folder, OnLost on_lost);

// The ways that OpenCollective knows, for people: "single process, MPI, NCCL 2.28.9".
std::string CollectiveBackEnds();

}  // namespace archsweep
