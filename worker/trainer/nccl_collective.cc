#include "worker/trainer/nccl_collective.h"

#include <ATen/ATen.h>
#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <nccl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "worker/trainer/rendezvous.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

using c10::cuda::CUDAEvent;

constexpr int kSettleLookMs = 1;  // Between looks whether a call was accepted.

void Require(ncclResult_t result, const char* what) {
  if (result == ncclSuccess) return;
  FailTask(FailureClass::kLost, Format("{} failed: {}", what, ncclGetErrorString(result)));
}

std::string NameOf(int version) {
  return Format("{}.{}.{}", version / 10'000, version / 100 % 100, version % 100);
}

// The library that is loaded may be another one than that of the header: the first of two counts.
void RequireMatchingLibrary() {
  int version = 0;
  Require(ncclGetVersion(&version), "ncclGetVersion");
  if (version / 10'000 == NCCL_MAJOR && version >= NCCL_VERSION_CODE) return;
  FailTask(FailureClass::kConfiguration,
           Format("NCCL {} was loaded, but this trainer was built for {}: build it again where it "
                  "runs",
                  NameOf(version), NameOf(NCCL_VERSION_CODE)));
}

ncclDataType_t TypeOf(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return ncclFloat32;
    case at::kDouble:
      return ncclFloat64;
    case at::kLong:
      return ncclInt64;
    default:
      CHECK(!"a sum is of float, double or int64");
      return ncclNumTypes;
  }
}

ncclUniqueId ShareId(const Seat& seat, Collective* launcher, const std::filesystem::path& folder) {
  ncclUniqueId id{};
  if (seat.rank == 0) Require(ncclGetUniqueId(&id), "ncclGetUniqueId");
  if (launcher) {
    const at::Tensor bytes =
        at::from_blob(id.internal, {NCCL_UNIQUE_ID_BYTES}, at::TensorOptions(at::kByte));
    launcher->Broadcast(bytes, 0);
  } else if (seat.size > 1) {
    const std::string shared =
        ShareByFile(seat, folder, "nccl-id", {id.internal, NCCL_UNIQUE_ID_BYTES});
    CHECK(shared.size() == NCCL_UNIQUE_ID_BYTES);
    std::memcpy(id.internal, shared.data(), shared.size());
  }
  return id;
}

class NcclCollective final : public Collective {
 public:
  NcclCollective(const Seat& seat, at::Device device, std::unique_ptr<Collective> launcher,
                 ncclUniqueId id, OnLost on_lost)
      : Collective(seat),
        device_(device),
        launcher_(std::move(launcher)),
        on_lost_(std::move(on_lost)),
        stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device.index())) {
    const c10::cuda::CUDAGuard guard(device_);
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    Settle(ncclCommInitRankConfig(&comm_, seat.size, id, seat.rank, &config),
           "ncclCommInitRankConfig", kNcclJoinMs);
    watch_ = std::jthread([this](std::stop_token stop) { Watch(stop); });
  }

  ~NcclCollective() override {
    watch_ = {};
    const c10::cuda::CUDAGuard guard(device_);
    stream_.synchronize();
    const SystemClock clock;
    const int64_t end_ms = clock.MonotonicMs() + kNcclCallMs;
    ncclResult_t state = ncclCommFinalize(comm_);
    while (state == ncclInProgress && clock.MonotonicMs() < end_ms) {
      poll(nullptr, 0, kSettleLookMs);
      if (ncclCommGetAsyncError(comm_, &state) != ncclSuccess) break;
    }
    ncclCommDestroy(comm_);
  }

  void Broadcast(const at::Tensor& tensor, int root) override {
    CHECK(tensor.device() == device_ && tensor.is_non_overlapping_and_dense());
    Await(Enqueue("ncclBroadcast", [&](cudaStream_t stream) {
      return ncclBroadcast(tensor.data_ptr(), tensor.data_ptr(), tensor.nbytes(), ncclUint8, root,
                           comm_, stream);
    }));
  }

  std::unique_ptr<PendingSum> SumInPlace(const at::Tensor& flat) override {
    if (!flat.is_cpu()) return std::make_unique<Sum>(flat, AllReduce(flat, ncclSum));
    const at::Tensor copy = flat.to(device_);
    Await(AllReduce(copy, ncclSum));
    flat.copy_(copy);
    return std::make_unique<Sum>(copy, CUDAEvent());  // Nothing is left to be waited for.
  }

  std::vector<std::string> AllGatherBytes(std::string_view mine) override {
    const at::TensorOptions on_device(device_);
    const at::Tensor lengths =
        Gather(at::full(1, static_cast<int64_t>(mine.size()), on_device.dtype(at::kLong))).cpu();
    at::Tensor padded = at::zeros(std::max<int64_t>(1, lengths.max().item<int64_t>()), at::kByte);
    std::copy(mine.begin(), mine.end(), static_cast<char*>(padded.data_ptr()));
    const at::Tensor all = Gather(padded.to(device_)).cpu();
    std::vector<std::string> parts;
    for (int64_t rank = 0; rank < Size(); ++rank) {
      parts.emplace_back(static_cast<const char*>(all[rank].data_ptr()),
                         static_cast<size_t>(lengths[rank].item<int64_t>()));
    }
    return parts;
  }

  int64_t Max(int64_t value) override {
    const at::Tensor largest = at::full(1, value, at::TensorOptions(device_).dtype(at::kLong));
    Await(AllReduce(largest, ncclMax));
    return largest.item<int64_t>();
  }

  // NCCL lets go of the GPU first, as long as that takes no time.
  [[noreturn]] void Abort(int exit_code) override {
    alarm(kNcclAbortSeconds);
    ncclCommAbort(comm_);
    Collective::Abort(exit_code);
  }

 private:
  class Sum final : public PendingSum {
   public:
    Sum(at::Tensor tensor, CUDAEvent done) : tensor_(std::move(tensor)), done_(std::move(done)) {}
    void Wait() override { done_.block(c10::cuda::getCurrentCUDAStream(tensor_.device().index())); }

   private:
    at::Tensor tensor_;  // Its memory must not be used again before.
    CUDAEvent done_;
  };

  // Runs `call` on the own stream, behind what the current stream has to do now.
  template <class Call>
  CUDAEvent Enqueue(const char* what, const Call& call) {
    const c10::cuda::CUDAGuard guard(device_);
    CUDAEvent ready;
    ready.record(c10::cuda::getCurrentCUDAStream(device_.index()));
    ready.block(stream_);
    Settle(call(stream_.stream()), what, kNcclCallMs);
    CUDAEvent done;
    done.record(stream_);
    return done;
  }

  void Await(CUDAEvent done) { done.block(c10::cuda::getCurrentCUDAStream(device_.index())); }

  CUDAEvent AllReduce(const at::Tensor& flat, ncclRedOp_t op) {
    CHECK(flat.device() == device_ && flat.is_contiguous());
    return Enqueue("ncclAllReduce", [&](cudaStream_t stream) {
      return ncclAllReduce(flat.data_ptr(), flat.data_ptr(), static_cast<size_t>(flat.numel()),
                           TypeOf(flat), op, comm_, stream);
    });
  }

  // One row for each rank.
  at::Tensor Gather(const at::Tensor& mine) {
    at::Tensor all = at::empty({Size(), mine.numel()}, mine.options());
    Await(Enqueue("ncclAllGather", [&](cudaStream_t stream) {
      return ncclAllGather(mine.data_ptr(), all.data_ptr(), mine.nbytes(), ncclUint8, comm_,
                           stream);
    }));
    return all;
  }

  // Waits until a call is accepted: the communicator never blocks, so that a rank that does not
  // come cannot hold this one for ever.
  void Settle(ncclResult_t result, const char* what, int wait_ms) {
    const SystemClock clock;
    const int64_t end_ms = clock.MonotonicMs() + wait_ms;
    while (result == ncclInProgress) {
      if (clock.MonotonicMs() > end_ms) {
        FailTask(FailureClass::kLost,
                 Format("{}: the other ranks did not come within {} s", what, wait_ms / 1000));
      }
      poll(nullptr, 0, kSettleLookMs);
      Require(ncclCommGetAsyncError(comm_, &result), "ncclCommGetAsyncError");
    }
    Require(result, what);
  }

  void Watch(std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    const auto pause = std::chrono::milliseconds(kNcclWatchMs);
    while (!stopped.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
      ncclResult_t state = ncclSuccess;
      const ncclResult_t asked = ncclCommGetAsyncError(comm_, &state);
      if (asked != ncclSuccess) state = asked;
      if (state == ncclSuccess || state == ncclInProgress) continue;
      on_lost_({FailureClass::kLost, Format("the connection between GPUs failed: {} ({})",
                                            ncclGetErrorString(state), ncclGetLastError(comm_))});
    }
  }

  const at::Device device_;
  const std::unique_ptr<Collective> launcher_;  // Its end is that of the gang.
  const OnLost on_lost_;
  c10::cuda::CUDAStream stream_;
  ncclComm_t comm_ = nullptr;
  std::jthread watch_;
};

}  // namespace

std::unique_ptr<Collective> OpenNccl(const Seat& seat, at::Device device,
                                     std::unique_ptr<Collective> launcher,
                                     const std::filesystem::path& folder, OnLost on_lost) {
  RequireMatchingLibrary();
  const ncclUniqueId id = ShareId(seat, launcher.get(), folder);
  return std::make_unique<NcclCollective>(seat, device, std::move(launcher), id,
                                          std::move(on_lost));
}

std::string NcclVersion() {
  int version = 0;
  return ncclGetVersion(&version) == ncclSuccess ? NameOf(version) : "";
}

}  // namespace archsweep
