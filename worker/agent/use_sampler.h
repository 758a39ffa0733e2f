#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/id.h"
#include "worker/agent/device_monitor.h"
#include "worker/agent/held_attempt.h"
#include "worker/agent/placement.h"

namespace archsweep {

// Samples what the running attempts of an agent use. Owned by the agent's one thread.
class UseSampler {
 public:
  // `period_ms`: between samples of one attempt. `nvml_library`: see Nvml.
  UseSampler(const HostResources& host, int64_t period_ms, const std::string& nvml_library);

  // Far away where nothing of the attempt runs.
  int64_t DueMs(const HeldAttempt& attempt) const;

  // Where one of them is due, all are sampled, for the process table is looked through once.
  void Step(int64_t now_ms, std::map<Token, HeldAttempt>& held) const;

  // Of each GPU slot; empty where that is not known. May wait: see DeviceMonitor::Sizes.
  std::vector<int64_t> DeviceBytes() const;

 private:
  std::optional<DeviceReading> DevicesAt(std::span<const int> slots) const;

  int cpu_slots_;
  size_t gpu_slots_;
  int64_t period_ms_;
  std::optional<DeviceMonitor> devices_;  // Where the host has GPU slots.
};

}  // namespace archsweep
