#include "worker/agent/device_monitor.h"

#include <chrono>
#include <utility>

#include "base/log.h"

namespace archsweep {

DeviceMonitor::DeviceMonitor(std::vector<std::string> gpus, std::string library)
    : gpus_(std::move(gpus)),
      library_(std::move(library)),
      newest_(gpus_.size()),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void DeviceMonitor::ReadSizes(const Nvml& nvml) {
  std::vector<int64_t> sizes;
  for (const std::string& gpu : gpus_) sizes.push_back(nvml.MemoryOf(gpu).value_or(0));
  SetSizes(std::move(sizes));
}

void DeviceMonitor::SetSizes(std::vector<int64_t> sizes) {
  const std::lock_guard lock(mutex_);
  sizes_ = std::move(sizes);
  sizes_known_.notify_all();
}

void DeviceMonitor::Run(const std::stop_token& stop) {
  const auto nvml = Nvml::Load(library_);
  if (!nvml) {
    SetSizes({});
    return LogWarning("what GPUs do is not measured: {}", nvml.error().message);
  }
  ReadSizes(*nvml);
  while (!stop.stop_requested()) {
    std::vector<std::optional<DeviceReading>> readings;
    for (const std::string& gpu : gpus_) readings.push_back(nvml->Read(gpu));
    std::unique_lock lock(mutex_);
    newest_ = std::move(readings);
    read_ms_ = clock_.MonotonicMs();
    stopped_.wait_for(lock, stop, std::chrono::milliseconds(kDeviceReadMs), [] { return false; });
  }
}

std::vector<int64_t> DeviceMonitor::Sizes() const {
  std::unique_lock lock(mutex_);
  sizes_known_.wait_until(lock, sizes_awaited_until_, [&] { return sizes_.has_value(); });
  return sizes_.value_or(std::vector<int64_t>{});
}

std::optional<DeviceReading> DeviceMonitor::Newest(std::span<const size_t> positions) const {
  const std::lock_guard lock(mutex_);
  if (positions.empty() || clock_.MonotonicMs() - read_ms_ > kDeviceAgeMaxMs) return std::nullopt;
  DeviceReading all{.memory_bytes = 0, .busy = 0};
  for (const size_t position : positions) {
    const auto& one = position < newest_.size() ? newest_[position] : std::nullopt;
    if (!one) return std::nullopt;
    all.memory_bytes += one->memory_bytes;
    if (!one->busy) all.busy.reset();
    if (all.busy) *all.busy += *one->busy;
  }
  if (all.busy) *all.busy /= static_cast<double>(positions.size());
  return all;
}

}  // namespace archsweep
