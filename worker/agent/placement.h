#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace archsweep {

// What an agent has to give: slots 0 .. cpu_slots - 1 are CPU slots, the gpu_slots numbers after
// them GPU slots.
struct HostResources {
  int cpu_slots = 0;
  int gpu_slots = 0;
  std::vector<int> cpus;          // That this process may run on, ascending; not empty.
  std::vector<std::string> gpus;  // Names for CUDA_VISIBLE_DEVICES; empty: "0", "1", ...
  std::filesystem::path mpirun;   // Empty: there is none, so that no attempt has several ranks.
};

// Where an attempt runs, with one rank on each of its slots.
struct Placement {
  std::string device;        // As in job.json.
  int threads = 1;           // Of each rank.
  std::vector<int> cpus;     // Rank by rank; empty: as inherited.
  std::string visible_gpus;  // For CUDA_VISIBLE_DEVICES, rank by rank; empty: none.
  int ranks = 1;
  friend bool operator==(const Placement&, const Placement&) = default;
};

// The CPUs of the agent's own set are dealt out to its CPU slots evenly and in order, one thread on
// each (one for each slot, from the start again, where there are more slots than CPUs); GPU slot k
// is the k-th GPU that the agent may use. kInvalidInput if the
// slots are not slots of the host, of one kind, and each only once, or are several on a host
// without mpirun.
Result<Placement> PlaceOn(std::span<const int> slots, const HostResources& host);

// The GPUs of its GPU slots, in their order, as CUDA_VISIBLE_DEVICES names them; fewer where that
// names fewer.
std::vector<std::string> GpusOf(const HostResources& host);

// The CPUs that this process may run on.
std::vector<int> OwnCpus();

// Of this machine; 0 where the system does not tell.
int64_t HostMemoryBytes();

// The GPUs that CUDA_VISIBLE_DEVICES of `environment` ("NAME=VALUE" strings) names; empty if it is
// not set.
std::vector<std::string> VisibleGpus(std::span<const std::string> environment);

}  // namespace archsweep
