#include "worker/agent/placement.h"

#include <sched.h>

#include <string_view>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {

Result<Placement> PlaceOn(std::span<const int> slots, const HostResources& host) {
  CHECK(!host.cpus.empty());
  if (slots.size() != 1) {
    return Fail(ErrorKind::kInvalidInput,
                Format("the attempt is to use {} slots; this worker runs an attempt on one slot",
                       slots.size()));
  }
  const int slot = slots.front();
  if (slot < 0 || slot >= host.cpu_slots + host.gpu_slots) {
    return Fail(ErrorKind::kInvalidInput, Format("slot {} is not one of the {} of this worker",
                                                 slot, host.cpu_slots + host.gpu_slots));
  }
  if (slot < host.cpu_slots) {
    const int cpu = host.cpus[static_cast<size_t>(slot) % host.cpus.size()];
    return Placement{.device = "cpu", .threads = 1, .cpus = {cpu}, .visible_gpus = ""};
  }
  const auto gpu = static_cast<size_t>(slot - host.cpu_slots);
  if (host.gpus.empty()) {
    return Placement{.device = "cuda", .threads = 1, .cpus = {}, .visible_gpus = Format("{}", gpu)};
  }
  if (gpu >= host.gpus.size()) {
    return Fail(ErrorKind::kInvalidInput,
                Format("slot {} is GPU {}, but CUDA_VISIBLE_DEVICES of this worker names {}", slot,
                       gpu, host.gpus.size()));
  }
  return Placement{.device = "cuda", .threads = 1, .cpus = {}, .visible_gpus = host.gpus[gpu]};
}

std::vector<int> OwnCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    }
  }
  // A machine with more CPUs than a cpu_set_t holds refuses the question.
  if (cpus.empty()) cpus.push_back(0);
  return cpus;
}

std::vector<std::string> VisibleGpus(std::span<const std::string> environment) {
  constexpr std::string_view kPrefix = "CUDA_VISIBLE_DEVICES=";
  for (const std::string& entry : environment) {
    if (!entry.starts_with(kPrefix) || entry.size() == kPrefix.size()) continue;
    return Split(std::string_view(entry).substr(kPrefix.size()), ',');
  }
  return {};
}

}  // namespace archsweep
