#include "worker/trainer/runtime.h"

#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <malloc.h>
#include <sched.h>
#include <torch/version.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include "archsweep_version.h"
#include "base/text.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

void UseCpus(std::span<const int> cpus) {
  if (cpus.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<std::string> names;
  for (const int cpu : cpus) {
    if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
    names.push_back(Format("{}", cpu));
  }
  if (sched_setaffinity(0, sizeof set, &set) == 0) return;
  FailTask(FailureClass::kConfiguration, Format("CPU set {{{}}} of the job cannot be used: {}",
                                                Join(names, ", "), std::strerror(errno)));
}

// Values of the lines "KEY : VALUE" of a file of the kernel; the first one, or "".
std::string ValueOf(const fs::path& file, std::string_view key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (!line.starts_with(key) || colon == std::string::npos) continue;
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    if (begin != std::string::npos) return line.substr(begin);
  }
  return "";
}

std::string ProcessorName() {
  const std::string name = ValueOf("/proc/cpuinfo", "model name");
  return name.empty() ? "unknown processor" : name;
}

std::string GpuName() {
  std::error_code ignored;
  for (const auto& gpu : fs::directory_iterator("/proc/driver/nvidia/gpus", ignored)) {
    const std::string name = ValueOf(gpu.path() / "information", "Model");
    if (!name.empty()) return name;
  }
  return "unknown GPU";
}

// Tensors come and go at every layer. By default the C library returns the larger ones to the
// kernel each time, which then clears their pages anew: a third of the time of a small network.
void KeepFreedMemory() {
  constexpr int kNever = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kNever);
  mallopt(M_TRIM_THRESHOLD, kNever);
}

}  // namespace

at::Device SetUpRuntime(const Job& job, const Seat& seat) {
  KeepFreedMemory();
  const auto cpus = static_cast<int64_t>(job.cpus.size());
  UseCpus(std::span(job.cpus).subspan(static_cast<size_t>(seat.First(cpus)),
                                      static_cast<size_t>(seat.Share(cpus))));
  at::set_num_threads(job.threads);
  at::set_num_interop_threads(1);
  at::Context& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/true);
  context.setDeterministicFillUninitializedMemory(false);
  context.setDeterministicCuDNN(true);
  context.setAllowTF32CuBLAS(false);
  context.setAllowTF32CuDNN(false);
  if (job.device == "cpu") return at::kCPU;
  if (!at::hasCUDA()) {
    FailTask(FailureClass::kConfiguration,
             "the job asks for device 'cuda', but this trainer sees no GPU: build it with the CUDA "
             "libraries (./deploy/setup --cuda) and start it where nvidia-smi lists one, or use "
             "device 'cpu'");
  }
  const at::Device device(at::kCUDA, static_cast<c10::DeviceIndex>(seat.rank));
  c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
  return device;
}

StartedLine DescribeRuntime(const Job& job, int64_t resumed_step) {
  return {.version = kBuild,
          .libraries = Format("torch {}, {}, {} {}", TORCH_VERSION, at::get_cpu_capability(),
                              kCompiler, kBuildType),
          .device = job.device == "cuda" ? GpuName() : ProcessorName(),
          .threads = job.threads,
          .resumed_step = resumed_step};
}

}  // namespace archsweep
