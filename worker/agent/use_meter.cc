#include "worker/agent/use_meter.h"

#include <algorithm>

namespace archsweep {

ResourceUse& UseMeter::At(int64_t now_ms) {
  ResourceUse& use = use_ ? *use_ : use_.emplace();
  use.wall_ms = now_ms - start_ms_;
  return use;
}

void UseMeter::OnSample(int64_t now_ms, const ProcessUse& session,
                        const std::optional<DeviceReading>& devices) {
  sampled_ms_ = now_ms;
  ResourceUse& use = At(now_ms);
  use.cpu_ms = std::max(use.cpu_ms, session.cpu_ms);
  use.memory_bytes = session.memory_bytes;
  use.memory_peak_bytes = std::max(use.memory_peak_bytes, session.memory_bytes);
  if (!devices) return;
  DeviceUse& device = use.device ? *use.device : use.device.emplace();
  device.memory_bytes = devices->memory_bytes;
  device.memory_peak_bytes = std::max(device.memory_peak_bytes, devices->memory_bytes);
  if (!devices->busy) return;
  busy_sum_ += *devices->busy;
  device.busy = busy_sum_ / static_cast<double>(++busy_count_);
}

void UseMeter::OnReaped(const ProcessUse& process) {
  reaped_.cpu_ms += process.cpu_ms;
  reaped_.memory_bytes = std::max(reaped_.memory_bytes, process.memory_bytes);
}

void UseMeter::OnEnd(int64_t now_ms) {
  ResourceUse& use = At(now_ms);
  use.cpu_ms = std::max(use.cpu_ms, reaped_.cpu_ms);
  use.memory_peak_bytes = std::max(use.memory_peak_bytes, reaped_.memory_bytes);
}

}  // namespace archsweep
