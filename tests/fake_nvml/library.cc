// Three GPUs as libnvidia-ml would show them: 0 and 1 tell all, 2 does not say how busy it is. The
// second one's UUID is "GPU-1". A further one, 3, tells more memory than there can be.

#include <cstring>

namespace {

constexpr int kSuccess = 0;
constexpr int kNotSupported = 3;
constexpr int kNotFound = 6;
constexpr unsigned long long kGiB = 1ull << 30;

struct Gpu {
  unsigned long long used;
  unsigned busy;
};
Gpu gpus[] = {{3 * kGiB, 25}, {5 * kGiB, 75}, {kGiB, 0}, {~0ull, 10}};

bool started = false;

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int nvmlInit_v2() {
  started = true;
  return kSuccess;
}

EXPORTED int nvmlShutdown() {
  started = false;
  return kSuccess;
}

EXPORTED int nvmlDeviceGetHandleByIndex_v2(unsigned index, Gpu** gpu) {
  if (!started || index >= 4) return kNotFound;
  *gpu = &gpus[index];
  return kSuccess;
}

EXPORTED int nvmlDeviceGetHandleByUUID(const char* uuid, Gpu** gpu) {
  if (!started || std::strcmp(uuid, "GPU-1") != 0) return kNotFound;
  *gpu = &gpus[1];
  return kSuccess;
}

EXPORTED int nvmlDeviceGetMemoryInfo(const Gpu* gpu, unsigned long long* total_free_used) {
  total_free_used[0] = 80 * kGiB;
  total_free_used[1] = 80 * kGiB - gpu->used;
  total_free_used[2] = gpu->used;
  return kSuccess;
}

EXPORTED int nvmlDeviceGetUtilizationRates(const Gpu* gpu, unsigned* gpu_and_memory) {
  if (gpu == &gpus[2]) return kNotSupported;
  gpu_and_memory[0] = gpu->busy;
  gpu_and_memory[1] = 1;
  return kSuccess;
}
