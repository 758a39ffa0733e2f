#include <ATen/cuda/CUDAContextLight.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>

#include <exception>
#include <optional>

#include "base/log.h"
#include "worker/trainer/step_recorder.h"

namespace archsweep {
namespace {

// By a CUDA graph. Its tensors have memory of their own, which other tensors do not get.
class CudaStepRecorder final : public StepRecorder {
 public:
  explicit CudaStepRecorder(c10::Device device) : device_(device) {}

  bool Record(const std::function<void()>& step) override {
    // What steps that were not recorded have left would else lie idle beside the recording.
    c10::cuda::device_synchronize();
    c10::cuda::CUDACachingAllocator::emptyCache();
    // cuBLAS keeps its working memory for each stream. That of a recording must not be used by
    // another, nor the other way round.
    at::cuda::clearCublasWorkspaces();
    const std::exception_ptr failure = Capture(step);
    at::cuda::clearCublasWorkspaces();
    if (!failure) return true;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& exception) {
      LogWarning("steps are not replayed by the GPU, and may be slower: {}", exception.what());
    }
    return false;
  }

  void Replay() override { graph_->replay(); }

  void Forget() override { graph_.reset(); }

 private:
  // The default stream of a device cannot be captured.
  std::exception_ptr Capture(const std::function<void()>& step) {
    const c10::cuda::CUDAStreamGuard on_other_stream(
        c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_.index()));
    std::exception_ptr failure;  // The first one.
    const auto attempt = [&](const auto& part) {
      try {
        part();
      } catch (const std::exception&) {
        if (!failure) failure = std::current_exception();
      }
    };
    attempt([&] {
      graph_.emplace();
      graph_->capture_begin();
    });
    if (failure) return failure;
    attempt(step);
    attempt([&] { graph_->capture_end(); });
    return failure;
  }

  const c10::Device device_;
  std::optional<at::cuda::CUDAGraph> graph_;
};

}  // namespace

std::unique_ptr<StepRecorder> MakeStepRecorder(c10::Device device) {
  if (!device.is_cuda()) return nullptr;
  return std::make_unique<CudaStepRecorder>(device);
}

}  // namespace archsweep
