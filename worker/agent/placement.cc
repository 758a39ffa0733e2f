#include "worker/agent/placement.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

Status CheckSlots(std::span<const int> slots, const HostResources& host) {
  std::set<int> seen;
  for (const int slot : slots) {
    if (slot < 0 || slot >= host.cpu_slots + host.gpu_slots) {
      return Fail(ErrorKind::kInvalidInput, Format("slot {} is not one of the {} of this worker",
                                                   slot, host.cpu_slots + host.gpu_slots));
    }
    if ((slot < host.cpu_slots) != (slots.front() < host.cpu_slots)) {
      return Fail(ErrorKind::kInvalidInput,
                  Format("slots {} and {} are of two kinds", slots.front(), slot));
    }
    if (!seen.insert(slot).second) {
      return Fail(ErrorKind::kInvalidInput, Format("slot {} is there twice", slot));
    }
  }
  if (slots.empty()) return Fail(ErrorKind::kInvalidInput, "an attempt needs a slot");
  if (slots.size() == 1 || !host.mpirun.empty()) return {};
  return Fail(ErrorKind::kInvalidInput,
              Format("the attempt has {} ranks, but this worker has no mpirun in its PATH: install "
                     "Open MPI there (./deploy/setup)",
                     slots.size()));
}

Result<std::string> GpuOf(int slot, const HostResources& host) {
  const auto gpu = static_cast<size_t>(slot - host.cpu_slots);
  if (host.gpus.empty()) return Format("{}", gpu);
  if (gpu < host.gpus.size()) return host.gpus[gpu];
  return Fail(ErrorKind::kInvalidInput,
              Format("slot {} is GPU {}, but CUDA_VISIBLE_DEVICES of this worker names {}", slot,
                     gpu, host.gpus.size()));
}

// Processors are dealt out evenly; slots beyond them share.
int CpusPerSlot(const HostResources& host) {
  return std::max(1, static_cast<int>(host.cpus.size()) / std::max(1, host.cpu_slots));
}

std::vector<int> CpusOf(int slot, const HostResources& host) {
  std::vector<int> cpus;
  for (int i = 0; i < CpusPerSlot(host); ++i) {
    const auto index = static_cast<size_t>(slot * CpusPerSlot(host) + i);
    cpus.push_back(host.cpus[index % host.cpus.size()]);
  }
  return cpus;
}

}  // namespace

Result<Placement> PlaceOn(std::span<const int> slots, const HostResources& host) {
  CHECK(!host.cpus.empty());
  TRY(CheckSlots(slots, host));
  const bool on_cpu = slots.front() < host.cpu_slots;
  Placement placement = {.device = on_cpu ? "cpu" : "cuda",
                         .threads = on_cpu ? CpusPerSlot(host) : 1,
                         .cpus = {},
                         .visible_gpus = "",
                         .ranks = static_cast<int>(slots.size())};
  std::vector<std::string> gpus;
  for (const int slot : slots) {
    if (slot < host.cpu_slots) {
      std::ranges::copy(CpusOf(slot, host), std::back_inserter(placement.cpus));
    } else {
      TRY_ASSIGN(std::string gpu, GpuOf(slot, host));
      gpus.push_back(std::move(gpu));
    }
  }
  placement.visible_gpus = Join(gpus, ",");
  return placement;
}

std::vector<std::string> GpusOf(const HostResources& host) {
  std::vector<std::string> gpus;
  for (int slot = host.cpu_slots; slot < host.cpu_slots + host.gpu_slots; ++slot) {
    auto gpu = GpuOf(slot, host);
    if (gpu) gpus.push_back(*std::move(gpu));
  }
  return gpus;
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

int64_t HostMemoryBytes() {
  const int64_t pages = sysconf(_SC_PHYS_PAGES);
  return pages > 0 ? pages * sysconf(_SC_PAGESIZE) : 0;
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
